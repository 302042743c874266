#include "key_internal.h"

qk_lease qk_lease_take(qk_key *key, uint32_t purpose, qk_preparation prepare) {
    qk_slot *slot = &key->slots[qk_thread_index() % QK_CONTEXT_SLOTS];
    if (atomic_exchange_explicit(&slot->busy, 1, memory_order_acquire) != 0) {
        return (qk_lease){prepare(key, purpose), NULL};
    }
    if (slot->context == NULL || slot->purpose != purpose) {
        EVP_PKEY_CTX_free(slot->context);
        slot->context = prepare(key, purpose);
        slot->purpose = purpose;
    }
    return (qk_lease){slot->context, slot};
}

void qk_lease_return(qk_lease taken, int reusable) {
    if (taken.slot == NULL) {
        EVP_PKEY_CTX_free(taken.context);
        return;
    }
    if (!reusable) {
        EVP_PKEY_CTX_free(taken.slot->context);
        taken.slot->context = NULL;
    }
    atomic_store_explicit(&taken.slot->busy, 0, memory_order_release);
}
