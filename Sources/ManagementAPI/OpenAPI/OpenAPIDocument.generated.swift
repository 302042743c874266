// Made by deploy/openapi from docs/openapi.json: change that.

/// The description of the API, as docs/openapi.json has it.
enum OpenAPIDocument {
    static let text: StaticString = ##"""
{
  "openapi": "3.1.0",
  "info": {
    "title": "Quorate",
    "version": "0.1.0",
    "summary": "A pool of nodes that keeps keys and uses them.",
    "description": "Every node serves everything here, over HTTPS with HTTP/2 or HTTP/1.1. Where a path names no version of a key, the latest is meant; an empty version (`/keys/invoices//sign`) means the same. Unknown members of a request are ignored, and `null` reads as absent. The HTTP layer itself answers 400, 408, 413, 417 and 431, without `x-ms-request-id`. A known path with another method is answered 405, an unknown path 404, both only to callers with a token.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
  },
  "servers": [
    {
      "url": "https://{node}",
      "description": "Any node of the pool.",
      "variables": {"node": {"default": "node-1.example.com:8443"}}
    }
  ],
  "security": [{"token": []}],
  "tags": [
    {"name": "Keys", "description": "Keys and their life."},
    {"name": "Key operations", "description": "What keys do."},
    {"name": "Roles", "description": "Who may do what."},
    {"name": "Security domain", "description": "The officers' shares of the pool's root key."},
    {"name": "Backup", "description": "The whole pool out into a container, and keys out of it again."},
    {"name": "Tokens", "description": "The pool's own token issuer; `{tenant}` may be any name."},
    {"name": "Management", "description": "Nodes, principals, settings."},
    {"name": "Azure CLI", "description": "What `az` reads beside the keys; tokens are for `https://HOST/arm` and `https://HOST/graph`."}
  ],
  "paths": {
    "/keys": {
      "get": {
        "operationId": "KeyList",
        "tags": ["Keys"],
        "summary": "List the keys",
        "x-audit-operation": "KeyList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/read/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersionUnlessLinked"},
          {"$ref": "#/components/parameters/maxresults"},
          {"$ref": "#/components/parameters/skiptoken"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/KeyPage"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/create": {
      "post": {
        "operationId": "KeyCreate",
        "tags": ["Keys"],
        "summary": "Make a key, or a new version of one",
        "x-audit-operation": "KeyCreate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/create",
        "x-scope": "key or /keys",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyCreation"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}": {
      "put": {
        "operationId": "KeyImport",
        "tags": ["Keys"],
        "summary": "Import a key, or a new version of one",
        "x-audit-operation": "KeyImport",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/import/action",
        "x-scope": "key or /keys",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyImport"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "get": {
        "operationId": "KeyGet",
        "tags": ["Keys"],
        "summary": "Get a key's public half and attributes: the latest version",
        "x-audit-operation": "KeyGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "patch": {
        "operationId": "KeyUpdate",
        "tags": ["Keys"],
        "summary": "Change a key's attributes, tags or operations: the latest version",
        "x-audit-operation": "KeyUpdate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/write/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyUpdate"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "delete": {
        "operationId": "KeyDelete",
        "tags": ["Keys"],
        "summary": "Delete a key with all its versions; it can be recovered",
        "x-audit-operation": "KeyDelete",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/delete",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/DeletedKeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/{version}": {
      "get": {
        "operationId": "KeyGetVersion",
        "tags": ["Keys"],
        "summary": "Get a key's public half and attributes: one version",
        "x-audit-operation": "KeyGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "patch": {
        "operationId": "KeyUpdateVersion",
        "tags": ["Keys"],
        "summary": "Change a key's attributes, tags or operations: one version",
        "x-audit-operation": "KeyUpdate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/write/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyUpdate"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/versions": {
      "get": {
        "operationId": "KeyListVersions",
        "tags": ["Keys"],
        "summary": "List a key's versions",
        "x-audit-operation": "KeyListVersions",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersionUnlessLinked"},
          {"$ref": "#/components/parameters/maxresults"},
          {"$ref": "#/components/parameters/skiptoken"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/KeyVersionPage"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/deletedkeys": {
      "get": {
        "operationId": "KeyListDeleted",
        "tags": ["Keys"],
        "summary": "List the deleted keys",
        "x-audit-operation": "KeyListDeleted",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/deletedKeys/read/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersionUnlessLinked"},
          {"$ref": "#/components/parameters/maxresults"},
          {"$ref": "#/components/parameters/skiptoken"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/DeletedKeyPage"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/deletedkeys/{name}": {
      "get": {
        "operationId": "KeyGetDeleted",
        "tags": ["Keys"],
        "summary": "Get a deleted key",
        "x-audit-operation": "KeyGetDeleted",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/deletedKeys/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/DeletedKeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "delete": {
        "operationId": "KeyPurge",
        "tags": ["Keys"],
        "summary": "Destroy a deleted key for good",
        "x-audit-operation": "KeyPurge",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/deletedKeys/delete",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "204": {"$ref": "#/components/responses/Purged"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/deletedkeys/{name}/recover": {
      "post": {
        "operationId": "KeyRecover",
        "tags": ["Keys"],
        "summary": "Take a deleted key back into use",
        "x-audit-operation": "KeyRecover",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/deletedKeys/recover/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/backup": {
      "post": {
        "operationId": "KeyBackup",
        "tags": ["Keys"],
        "summary": "Back a key up with all its versions",
        "x-audit-operation": "KeyBackup",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/backup/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBackup"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/restore": {
      "post": {
        "operationId": "KeyRestore",
        "tags": ["Keys"],
        "summary": "Restore a key from its backup",
        "x-audit-operation": "KeyRestore",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/restore/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyRestore"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/rotate": {
      "post": {
        "operationId": "KeyRotate",
        "tags": ["Keys"],
        "summary": "Make the next version by the key's rotation policy",
        "x-audit-operation": "KeyRotate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/rotate/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/KeyBundle"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/rotationpolicy": {
      "get": {
        "operationId": "KeyRotationPolicyGet",
        "tags": ["Keys"],
        "summary": "Get a key's rotation policy",
        "x-audit-operation": "KeyRotationPolicyGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RotationPolicy"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "put": {
        "operationId": "KeyRotationPolicySet",
        "tags": ["Keys"],
        "summary": "Set or remove a key's rotation policy",
        "x-audit-operation": "KeyRotationPolicySet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/write/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RotationPolicyGiven"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/RotationPolicy"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/sign": {
      "post": {
        "operationId": "KeySign",
        "tags": ["Key operations"],
        "summary": "Sign a digest: the latest version",
        "x-audit-operation": "KeySign",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/sign/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SignRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Signature"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/{version}/sign": {
      "post": {
        "operationId": "KeySignVersion",
        "tags": ["Key operations"],
        "summary": "Sign a digest: one version",
        "x-audit-operation": "KeySign",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/sign/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SignRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Signature"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/attestation": {
      "get": {
        "operationId": "KeyAttestationGet",
        "tags": ["Keys"],
        "summary": "Get a key with what the pool states of it, signed: the latest version",
        "x-audit-operation": "KeyAttestationGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/attestationNonce"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/AttestedKey"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/{version}/attestation": {
      "get": {
        "operationId": "KeyAttestationGetVersion",
        "tags": ["Keys"],
        "summary": "Get a key with what the pool states of it, signed: one version",
        "x-audit-operation": "KeyAttestationGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/attestationNonce"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/AttestedKey"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/release": {
      "post": {
        "operationId": "KeyRelease",
        "tags": ["Keys"],
        "summary": "Release an exportable key to an environment that fulfils its policy: the latest version",
        "x-audit-operation": "KeyRelease",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/release/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ReleaseRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/ReleasedKey"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/{version}/release": {
      "post": {
        "operationId": "KeyReleaseVersion",
        "tags": ["Keys"],
        "summary": "Release an exportable key to an environment that fulfils its policy: one version",
        "x-audit-operation": "KeyRelease",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/release/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ReleaseRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/ReleasedKey"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/verify": {
      "post": {
        "operationId": "KeyVerify",
        "tags": ["Key operations"],
        "summary": "Verify a signature: the latest version",
        "x-audit-operation": "KeyVerify",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/verify/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/VerifyRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Verification"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/{version}/verify": {
      "post": {
        "operationId": "KeyVerifyVersion",
        "tags": ["Key operations"],
        "summary": "Verify a signature: one version",
        "x-audit-operation": "KeyVerify",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/verify/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/VerifyRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Verification"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/encrypt": {
      "post": {
        "operationId": "KeyEncrypt",
        "tags": ["Key operations"],
        "summary": "Encrypt: the latest version",
        "x-audit-operation": "KeyEncrypt",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/encrypt/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EncryptRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/OperationResult"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/{version}/encrypt": {
      "post": {
        "operationId": "KeyEncryptVersion",
        "tags": ["Key operations"],
        "summary": "Encrypt: one version",
        "x-audit-operation": "KeyEncrypt",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/encrypt/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EncryptRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/OperationResult"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/decrypt": {
      "post": {
        "operationId": "KeyDecrypt",
        "tags": ["Key operations"],
        "summary": "Decrypt: the latest version",
        "x-audit-operation": "KeyDecrypt",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/decrypt/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DecryptRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/OperationResult"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/{version}/decrypt": {
      "post": {
        "operationId": "KeyDecryptVersion",
        "tags": ["Key operations"],
        "summary": "Decrypt: one version",
        "x-audit-operation": "KeyDecrypt",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/decrypt/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DecryptRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/OperationResult"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/wrapkey": {
      "post": {
        "operationId": "KeyWrap",
        "tags": ["Key operations"],
        "summary": "Wrap a key: the latest version",
        "x-audit-operation": "KeyWrap",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/wrap/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WrapRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/OperationResult"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/{version}/wrapkey": {
      "post": {
        "operationId": "KeyWrapVersion",
        "tags": ["Key operations"],
        "summary": "Wrap a key: one version",
        "x-audit-operation": "KeyWrap",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/wrap/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WrapRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/OperationResult"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/unwrapkey": {
      "post": {
        "operationId": "KeyUnwrap",
        "tags": ["Key operations"],
        "summary": "Unwrap a key: the latest version",
        "x-audit-operation": "KeyUnwrap",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/unwrap/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WrapRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/OperationResult"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/{version}/unwrapkey": {
      "post": {
        "operationId": "KeyUnwrapVersion",
        "tags": ["Key operations"],
        "summary": "Unwrap a key: one version",
        "x-audit-operation": "KeyUnwrap",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/unwrap/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WrapRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/OperationResult"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/keys/{name}/sign": {
      "post": {
        "operationId": "KeySignBulk",
        "tags": ["Key operations"],
        "summary": "Sign many digests in one request: the latest version",
        "x-audit-operation": "KeySign",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/sign/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BulkSignRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/BulkSignatures"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/keys/{name}/{version}/sign": {
      "post": {
        "operationId": "KeySignBulkVersion",
        "tags": ["Key operations"],
        "summary": "Sign many digests in one request: one version",
        "x-audit-operation": "KeySign",
        "x-data-action": "Microsoft.KeyVault/managedHsm/keys/sign/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/version"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BulkSignRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/BulkSignatures"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/rng": {
      "post": {
        "operationId": "RandomBytesGet",
        "tags": ["Key operations"],
        "summary": "Get random bytes",
        "x-audit-operation": "RandomBytesGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/rng/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RandomRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/RandomBytes"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/settings": {
      "get": {
        "operationId": "SettingList",
        "tags": ["Management"],
        "summary": "List the settings",
        "x-audit-operation": "SettingList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/read/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Settings"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/settings/{setting}": {
      "get": {
        "operationId": "SettingGet",
        "tags": ["Management"],
        "summary": "Get a setting",
        "x-audit-operation": "SettingGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/read/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/setting"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Setting"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "patch": {
        "operationId": "SettingUpdate",
        "tags": ["Management"],
        "summary": "Change a setting",
        "x-audit-operation": "SettingUpdate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/setting"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SettingUpdate"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Setting"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/providers/Microsoft.Authorization/roleAssignments": {
      "get": {
        "operationId": "RoleAssignmentListOfPool",
        "tags": ["Roles"],
        "summary": "List the role assignments at the whole pool",
        "x-audit-operation": "RoleAssignmentList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/read/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/filter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleAssignments"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/providers/Microsoft.Authorization/roleAssignments/{assignment}": {
      "get": {
        "operationId": "RoleAssignmentGetOfPool",
        "tags": ["Roles"],
        "summary": "Get a role assignment at any scope of the pool",
        "x-audit-operation": "RoleAssignmentGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/read/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/assignment"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleAssignment"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "put": {
        "operationId": "RoleAssignmentCreateOfPool",
        "tags": ["Roles"],
        "summary": "Assign a role at the whole pool",
        "x-audit-operation": "RoleAssignmentCreate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/assignment"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoleAssignmentRequest"}}}
        },
        "responses": {
          "201": {"$ref": "#/components/responses/RoleAssignment"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "delete": {
        "operationId": "RoleAssignmentDeleteOfPool",
        "tags": ["Roles"],
        "summary": "Take a role assignment at any scope of the pool back",
        "x-audit-operation": "RoleAssignmentDelete",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/delete/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/assignment"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleAssignment"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/providers/Microsoft.Authorization/roleDefinitions": {
      "get": {
        "operationId": "RoleDefinitionListOfPool",
        "tags": ["Roles"],
        "summary": "List the roles that can be assigned at the whole pool",
        "x-audit-operation": "RoleDefinitionList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleDefinitions/read/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/ignoredFilter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleDefinitions"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/providers/Microsoft.Authorization/roleDefinitions/{definition}": {
      "get": {
        "operationId": "RoleDefinitionGetOfPool",
        "tags": ["Roles"],
        "summary": "Get a role that can be assigned at the whole pool",
        "x-audit-operation": "RoleDefinitionGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleDefinitions/read/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/definition"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleDefinition"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "put": {
        "operationId": "RoleDefinitionCreate",
        "tags": ["Roles"],
        "summary": "Define a custom role, or change one",
        "x-audit-operation": "RoleDefinitionCreate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleDefinitions/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/definition"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoleDefinitionRequest"}}}
        },
        "responses": {
          "201": {"$ref": "#/components/responses/RoleDefinition"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "delete": {
        "operationId": "RoleDefinitionDelete",
        "tags": ["Roles"],
        "summary": "Delete a custom role",
        "x-audit-operation": "RoleDefinitionDelete",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleDefinitions/delete/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/definition"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleDefinition"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/providers/Microsoft.Authorization/roleAssignments": {
      "get": {
        "operationId": "RoleAssignmentListOfKeys",
        "tags": ["Roles"],
        "summary": "List the role assignments at all keys",
        "x-audit-operation": "RoleAssignmentList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/read/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/filter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleAssignments"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/providers/Microsoft.Authorization/roleAssignments/{assignment}": {
      "get": {
        "operationId": "RoleAssignmentGetOfKeys",
        "tags": ["Roles"],
        "summary": "Get a role assignment at all keys or at one",
        "x-audit-operation": "RoleAssignmentGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/read/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/assignment"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleAssignment"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "put": {
        "operationId": "RoleAssignmentCreateOfKeys",
        "tags": ["Roles"],
        "summary": "Assign a role at all keys",
        "x-audit-operation": "RoleAssignmentCreate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/write/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/assignment"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoleAssignmentRequest"}}}
        },
        "responses": {
          "201": {"$ref": "#/components/responses/RoleAssignment"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "delete": {
        "operationId": "RoleAssignmentDeleteOfKeys",
        "tags": ["Roles"],
        "summary": "Take a role assignment at all keys or at one back",
        "x-audit-operation": "RoleAssignmentDelete",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/delete/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/assignment"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleAssignment"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/providers/Microsoft.Authorization/roleDefinitions": {
      "get": {
        "operationId": "RoleDefinitionListOfKeys",
        "tags": ["Roles"],
        "summary": "List the roles that can be assigned at all keys",
        "x-audit-operation": "RoleDefinitionList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleDefinitions/read/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/ignoredFilter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleDefinitions"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/providers/Microsoft.Authorization/roleDefinitions/{definition}": {
      "get": {
        "operationId": "RoleDefinitionGetOfKeys",
        "tags": ["Roles"],
        "summary": "Get a role that can be assigned at all keys",
        "x-audit-operation": "RoleDefinitionGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleDefinitions/read/action",
        "x-scope": "/keys",
        "parameters": [
          {"$ref": "#/components/parameters/definition"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleDefinition"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/providers/Microsoft.Authorization/roleAssignments": {
      "get": {
        "operationId": "RoleAssignmentListOfKey",
        "tags": ["Roles"],
        "summary": "List the role assignments at one key",
        "x-audit-operation": "RoleAssignmentList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/filter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleAssignments"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/providers/Microsoft.Authorization/roleAssignments/{assignment}": {
      "get": {
        "operationId": "RoleAssignmentGetOfKey",
        "tags": ["Roles"],
        "summary": "Get a role assignment at one key",
        "x-audit-operation": "RoleAssignmentGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/assignment"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleAssignment"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "put": {
        "operationId": "RoleAssignmentCreateOfKey",
        "tags": ["Roles"],
        "summary": "Assign a role at one key",
        "x-audit-operation": "RoleAssignmentCreate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/write/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/assignment"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoleAssignmentRequest"}}}
        },
        "responses": {
          "201": {"$ref": "#/components/responses/RoleAssignment"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "delete": {
        "operationId": "RoleAssignmentDeleteOfKey",
        "tags": ["Roles"],
        "summary": "Take a role assignment at one key back",
        "x-audit-operation": "RoleAssignmentDelete",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/delete/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/assignment"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleAssignment"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/providers/Microsoft.Authorization/roleDefinitions": {
      "get": {
        "operationId": "RoleDefinitionListOfKey",
        "tags": ["Roles"],
        "summary": "List the roles that can be assigned at one key",
        "x-audit-operation": "RoleDefinitionList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleDefinitions/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/ignoredFilter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleDefinitions"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/providers/Microsoft.Authorization/roleDefinitions/{definition}": {
      "get": {
        "operationId": "RoleDefinitionGetOfKey",
        "tags": ["Roles"],
        "summary": "Get a role that can be assigned at one key",
        "x-audit-operation": "RoleDefinitionGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleDefinitions/read/action",
        "x-scope": "key",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/definition"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RoleDefinition"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/securitydomain/download": {
      "post": {
        "operationId": "SecurityDomainBackup",
        "tags": ["Security domain"],
        "summary": "Hand the security domain out to its officers, which activates the pool",
        "x-audit-operation": "SecurityDomainBackup",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/download/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SecurityDomainRequest"}}}
        },
        "responses": {
          "202": {"$ref": "#/components/responses/SecurityDomain"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/securitydomain/download/pending": {
      "get": {
        "operationId": "SecurityDomainBackupStatusGet",
        "tags": ["Security domain"],
        "summary": "Confirm that the security domain was received",
        "x-audit-operation": "SecurityDomainBackupStatusGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/download/read",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/capability"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/SecurityDomainStatus"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/backup": {
      "post": {
        "operationId": "FullBackup",
        "tags": ["Backup"],
        "summary": "Back the whole pool up into a container",
        "x-audit-operation": "BackupCreate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/backup/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BackupRequest"}}}
        },
        "responses": {
          "202": {"$ref": "#/components/responses/BackupBegun"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/prebackup": {
      "post": {
        "operationId": "PreFullBackup",
        "tags": ["Backup"],
        "summary": "Find out whether a backup could be written to a container",
        "x-audit-operation": "PreFullBackup",
        "x-data-action": "Microsoft.KeyVault/managedHsm/backup/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BackupCheck"}}}
        },
        "responses": {
          "202": {"$ref": "#/components/responses/BackupBegun"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/backup/{id}/pending": {
      "get": {
        "operationId": "FullBackupStatusGet",
        "tags": ["Backup"],
        "summary": "Ask how a backup stands",
        "x-audit-operation": "FullBackupStatusGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/backup/status/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/jobId"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/BackupJob"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/restore": {
      "put": {
        "operationId": "FullRestore",
        "tags": ["Backup"],
        "summary": "Replace all keys by those of a backup",
        "x-audit-operation": "FullRestore",
        "x-data-action": "Microsoft.KeyVault/managedHsm/restore/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoreRequest"}}}
        },
        "responses": {
          "202": {"$ref": "#/components/responses/RestoreBegun"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/prerestore": {
      "put": {
        "operationId": "PreFullRestore",
        "tags": ["Backup"],
        "summary": "Find out whether a backup is whole and opens here",
        "x-audit-operation": "PreFullRestore",
        "x-data-action": "Microsoft.KeyVault/managedHsm/restore/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoreCheck"}}}
        },
        "responses": {
          "202": {"$ref": "#/components/responses/RestoreBegun"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/keys/{name}/restore": {
      "put": {
        "operationId": "SelectiveKeyRestore",
        "tags": ["Backup"],
        "summary": "Bring one key of a backup back, with all its versions",
        "x-audit-operation": "SelectiveKeyRestore",
        "x-data-action": "Microsoft.KeyVault/managedHsm/restore/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/name"},
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyRestoreRequest"}}}
        },
        "responses": {
          "202": {"$ref": "#/components/responses/RestoreBegun"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/restore/{id}/pending": {
      "get": {
        "operationId": "FullRestoreStatusGet",
        "tags": ["Backup"],
        "summary": "Ask how a restore stands",
        "x-audit-operation": "FullRestoreStatusGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/restore/status/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/jobId"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RestoreJob"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/adfs/.well-known/openid-configuration": {
      "get": {
        "operationId": "DiscoveryGetAdfs",
        "tags": ["Tokens"],
        "summary": "Get the issuer's discovery document",
        "x-audit-operation": "DiscoveryGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/Discovery"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"}
        }
      }
    },
    "/adfs/v2.0/.well-known/openid-configuration": {
      "get": {
        "operationId": "DiscoveryGetAdfsV2",
        "tags": ["Tokens"],
        "summary": "Get the issuer's discovery document",
        "x-audit-operation": "DiscoveryGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/Discovery"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"}
        }
      }
    },
    "/adfs/discovery/keys": {
      "get": {
        "operationId": "TokenKeysGetAdfs",
        "tags": ["Tokens"],
        "summary": "Get the issuer's keys",
        "x-audit-operation": "TokenKeysGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/TokenKeys"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/adfs/discovery/v2.0/keys": {
      "get": {
        "operationId": "TokenKeysGetAdfsV2",
        "tags": ["Tokens"],
        "summary": "Get the issuer's keys",
        "x-audit-operation": "TokenKeysGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/TokenKeys"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/adfs/oauth2/token": {
      "post": {
        "operationId": "AuthenticationAdfs",
        "tags": ["Tokens"],
        "summary": "Get an access token for client credentials",
        "x-audit-operation": "Authentication",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/TokenRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Token"},
          "400": {"$ref": "#/components/responses/TokenRefused"},
          "401": {"$ref": "#/components/responses/ClientRefused"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/NoTokenNow"}
        }
      }
    },
    "/adfs/oauth2/v2.0/token": {
      "post": {
        "operationId": "AuthenticationAdfsV2",
        "tags": ["Tokens"],
        "summary": "Get an access token for client credentials",
        "x-audit-operation": "Authentication",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/TokenRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Token"},
          "400": {"$ref": "#/components/responses/TokenRefused"},
          "401": {"$ref": "#/components/responses/ClientRefused"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/NoTokenNow"}
        }
      }
    },
    "/{tenant}/.well-known/openid-configuration": {
      "get": {
        "operationId": "DiscoveryGetTenant",
        "tags": ["Tokens"],
        "summary": "Get the issuer's discovery document",
        "x-audit-operation": "DiscoveryGet",
        "parameters": [{"$ref": "#/components/parameters/tenant"}],
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/Discovery"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"}
        }
      }
    },
    "/{tenant}/v2.0/.well-known/openid-configuration": {
      "get": {
        "operationId": "DiscoveryGetTenantV2",
        "tags": ["Tokens"],
        "summary": "Get the issuer's discovery document",
        "x-audit-operation": "DiscoveryGet",
        "parameters": [{"$ref": "#/components/parameters/tenant"}],
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/Discovery"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"}
        }
      }
    },
    "/{tenant}/discovery/keys": {
      "get": {
        "operationId": "TokenKeysGetTenant",
        "tags": ["Tokens"],
        "summary": "Get the issuer's keys",
        "x-audit-operation": "TokenKeysGet",
        "parameters": [{"$ref": "#/components/parameters/tenant"}],
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/TokenKeys"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/{tenant}/discovery/v2.0/keys": {
      "get": {
        "operationId": "TokenKeysGetTenantV2",
        "tags": ["Tokens"],
        "summary": "Get the issuer's keys",
        "x-audit-operation": "TokenKeysGet",
        "parameters": [{"$ref": "#/components/parameters/tenant"}],
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/TokenKeys"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/{tenant}/oauth2/token": {
      "post": {
        "operationId": "AuthenticationTenant",
        "tags": ["Tokens"],
        "summary": "Get an access token for client credentials",
        "x-audit-operation": "Authentication",
        "parameters": [{"$ref": "#/components/parameters/tenant"}],
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/TokenRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Token"},
          "400": {"$ref": "#/components/responses/TokenRefused"},
          "401": {"$ref": "#/components/responses/ClientRefused"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/NoTokenNow"}
        }
      }
    },
    "/{tenant}/oauth2/v2.0/token": {
      "post": {
        "operationId": "AuthenticationTenantV2",
        "tags": ["Tokens"],
        "summary": "Get an access token for client credentials",
        "x-audit-operation": "Authentication",
        "parameters": [{"$ref": "#/components/parameters/tenant"}],
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/TokenRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Token"},
          "400": {"$ref": "#/components/responses/TokenRefused"},
          "401": {"$ref": "#/components/responses/ClientRefused"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/NoTokenNow"}
        }
      }
    },
    "/quorate/v1/auto-unseal": {
      "get": {
        "operationId": "AutoUnsealGet",
        "tags": ["Management"],
        "summary": "The keys on tokens that open the pool, and the one of this node",
        "x-audit-operation": "AutoUnsealGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/download/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/AutoUnseal"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/health": {
      "get": {
        "operationId": "HealthGet",
        "tags": ["Management"],
        "summary": "How the node stands",
        "x-audit-operation": "HealthGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/Health"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"}
        }
      },
      "head": {
        "operationId": "HealthHead",
        "tags": ["Management"],
        "summary": "Find out whether the node answers",
        "x-audit-operation": "HealthGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/Bodiless"},
          "400": {"$ref": "#/components/responses/Bodiless"},
          "421": {"$ref": "#/components/responses/Bodiless"},
          "500": {"$ref": "#/components/responses/Bodiless"}
        }
      }
    },
    "/quorate/v1/openapi.json": {
      "get": {
        "operationId": "OpenAPIGet",
        "tags": ["Management"],
        "summary": "Get this document",
        "x-audit-operation": "OpenAPIGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/Document"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"}
        }
      }
    },
    "/quorate/v1/status": {
      "get": {
        "operationId": "PoolStatusGet",
        "tags": ["Management"],
        "summary": "How the pool stands",
        "x-audit-operation": "PoolStatusGet",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Status"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/backup-schedule": {
      "get": {
        "operationId": "BackupScheduleGet",
        "tags": ["Management"],
        "summary": "The schedule of backups, and how it goes",
        "x-audit-operation": "BackupScheduleGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/backup/schedule/read/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/BackupSchedule"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "put": {
        "operationId": "BackupScheduleSet",
        "tags": ["Management"],
        "summary": "Set the schedule by which the pool backs itself up",
        "x-audit-operation": "BackupScheduleSet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/backup/schedule/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/BackupScheduleGiven"}}
          }
        },
        "responses": {
          "200": {"$ref": "#/components/responses/BackupSchedule"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "delete": {
        "operationId": "BackupScheduleDelete",
        "tags": ["Management"],
        "summary": "Remove the schedule; the backups stay",
        "x-audit-operation": "BackupScheduleDelete",
        "x-data-action": "Microsoft.KeyVault/managedHsm/backup/schedule/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "204": {"$ref": "#/components/responses/Purged"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/backup-schedule/run": {
      "post": {
        "operationId": "BackupScheduleRun",
        "tags": ["Management"],
        "summary": "Make a backup by the schedule now",
        "x-audit-operation": "BackupScheduleRun",
        "x-data-action": "Microsoft.KeyVault/managedHsm/backup/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "202": {"$ref": "#/components/responses/BackupBegun"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/restore-order": {
      "get": {
        "operationId": "RestoreOrderGet",
        "tags": ["Management"],
        "summary": "The restore of everything that waits for the officers' approval; what it changes they are shown alone",
        "x-audit-operation": "RestoreOrderGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/RestoreOrderOutline"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "RestoreOrder",
        "tags": ["Management"],
        "summary": "Have officers asked whether a backup may bring everything into this living pool",
        "x-audit-operation": "RestoreOrder",
        "x-data-action": "Microsoft.KeyVault/managedHsm/restore/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoreRequest"}}}
        },
        "responses": {
          "202": {"$ref": "#/components/responses/RestoreBegun"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "delete": {
        "operationId": "RestoreOrderWithdraw",
        "tags": ["Management"],
        "summary": "Give the order up",
        "x-audit-operation": "RestoreOrderWithdraw",
        "x-data-action": "Microsoft.KeyVault/managedHsm/restore/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RestoreOrderName"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/restore-order/consequences": {
      "get": {
        "operationId": "RestoreConsequencesGet",
        "tags": ["Management"],
        "summary": "The order, and what it would change",
        "x-audit-operation": "RestoreConsequencesGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/restore/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RestoreOrder"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "RestoreConsequencesShow",
        "tags": ["Management"],
        "summary": "The order, and what it would change, for an officer in office",
        "x-audit-operation": "RestoreConsequencesShow",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RootVote"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/RestoreOrder"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/restore-order/approvals": {
      "post": {
        "operationId": "RestoreApprove",
        "tags": ["Management"],
        "summary": "An officer in office approves the restore",
        "x-audit-operation": "RestoreApprove",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RootVote"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/RestoreOrderOutline"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/restore-order/start": {
      "post": {
        "operationId": "RestoreOrderStart",
        "tags": ["Management"],
        "summary": "Begin the restore that officers have approved",
        "x-audit-operation": "RestoreOrderStart",
        "x-data-action": "Microsoft.KeyVault/managedHsm/restore/start/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoreStart"}}}
        },
        "responses": {
          "202": {"$ref": "#/components/responses/RestoreBegun"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/jobs": {
      "get": {
        "operationId": "JobList",
        "tags": ["Management"],
        "summary": "List the last backups and restores, the newest first",
        "x-audit-operation": "JobList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/backup/status/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Jobs"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/principals": {
      "get": {
        "operationId": "PrincipalList",
        "tags": ["Management"],
        "summary": "List the principals",
        "x-audit-operation": "PrincipalList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/read/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Principals"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "PrincipalCreate",
        "tags": ["Management"],
        "summary": "Make a service principal",
        "x-audit-operation": "PrincipalCreate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PrincipalCreation"}}}
        },
        "responses": {
          "201": {"$ref": "#/components/responses/NewPrincipal"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/principals/{objectId}": {
      "patch": {
        "operationId": "PrincipalUpdate",
        "tags": ["Management"],
        "summary": "Enable or disable a principal",
        "x-audit-operation": "PrincipalUpdate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/objectId"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PrincipalUpdate"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Principal"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/recovery": {
      "get": {
        "operationId": "PoolRecoveryInvitationGet",
        "tags": ["Management"],
        "summary": "Begin the officers' ceremony by which this node goes on alone, or join it",
        "x-audit-operation": "PoolRecoveryInvitationGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/UnsealInvitation"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/recovery/shares": {
      "post": {
        "operationId": "PoolRecoveryShareSubmit",
        "tags": ["Management"],
        "summary": "Hand in an officer's share for the recovery",
        "x-audit-operation": "PoolRecoveryShareSubmit",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/UnsealShare"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/RecoveryProgress"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/principals/{objectId}/secret": {
      "post": {
        "operationId": "PrincipalSecretRenew",
        "tags": ["Management"],
        "summary": "Give a service principal a new secret in place of the former one",
        "x-audit-operation": "PrincipalSecretRenew",
        "x-data-action": "Microsoft.KeyVault/managedHsm/roleAssignments/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/objectId"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RenewedPrincipal"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/nodes": {
      "get": {
        "operationId": "NodeList",
        "tags": ["Management"],
        "summary": "List the nodes and who is invited",
        "x-audit-operation": "NodeList",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/read/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Nodes"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "NodeInvite",
        "tags": ["Management"],
        "summary": "Invite a node: make its id and a ticket for one join",
        "x-audit-operation": "NodeInvite",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NodeInvitation"}}}
        },
        "responses": {
          "201": {"$ref": "#/components/responses/NodeTicket"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/nodes/{id}": {
      "delete": {
        "operationId": "NodeRemove",
        "tags": ["Management"],
        "summary": "Remove a node, or take an invitation back",
        "x-audit-operation": "NodeRemove",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/nodeId"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/NodeState"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/nodes/{id}/replace": {
      "post": {
        "operationId": "NodeReplace",
        "tags": ["Management"],
        "summary": "Invite a node that takes the place of this one",
        "x-audit-operation": "NodeReplace",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/nodeId"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NodeInvitation"}}}
        },
        "responses": {
          "201": {"$ref": "#/components/responses/NodeTicket"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/nodes/{id}/lead": {
      "post": {
        "operationId": "LeadershipTransfer",
        "tags": ["Management"],
        "summary": "Ask that this node lead",
        "x-audit-operation": "LeadershipTransfer",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/nodeId"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "202": {"$ref": "#/components/responses/NodeNumber"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/nodes/join": {
      "post": {
        "operationId": "NodeJoin",
        "tags": ["Management"],
        "summary": "Join the pool with a ticket",
        "x-audit-operation": "NodeJoin",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NodeJoin"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/NodeAdmission"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/seal": {
      "post": {
        "operationId": "NodeSeal",
        "tags": ["Management"],
        "summary": "Make this node forget the pool's keys",
        "x-audit-operation": "NodeSeal",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SealRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/Sealed"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/peer-unseal": {
      "get": {
        "operationId": "PeerUnsealGet",
        "tags": ["Management"],
        "summary": "How nodes are unsealed by their peers, and what waits for the officers' approval",
        "x-audit-operation": "PeerUnsealGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/PeerUnseal"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "PeerUnsealSet",
        "tags": ["Management"],
        "summary": "Set how nodes are unsealed by their peers; looser settings wait for the officers' approval",
        "x-audit-operation": "PeerUnsealSet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PeerUnsealGiven"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/PeerUnseal"},
          "202": {"$ref": "#/components/responses/PeerUnseal"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/peer-unseal/approvals": {
      "post": {
        "operationId": "PeerUnsealApprove",
        "tags": ["Management"],
        "summary": "An officer in office approves looser settings",
        "x-audit-operation": "PeerUnsealApprove",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RootVote"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/PeerUnseal"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/nodes/{id}/approve-unseal": {
      "post": {
        "operationId": "NodeUnsealApprove",
        "tags": ["Management"],
        "summary": "Let its peers unseal this node, which shows the code",
        "x-audit-operation": "NodeUnsealApprove",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/write/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/nodeId"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/UnsealCode"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/NodeNumber"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/key-encryption": {
      "get": {
        "operationId": "KeyEncryptionGet",
        "tags": ["Management"],
        "summary": "Which key-encryption key seals, and how its last change stands",
        "x-audit-operation": "KeyEncryptionGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/settings/read/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/KeyEncryption"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "KeyEncryptionRotate",
        "tags": ["Management"],
        "summary": "Give the pool a new key-encryption key, and seal every stored key anew",
        "x-audit-operation": "KeyEncryptionRotate",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/download/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "202": {"$ref": "#/components/responses/KeyEncryption"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/root-change": {
      "get": {
        "operationId": "RootChangeGet",
        "tags": ["Management"],
        "summary": "How far the change of the pool's root is",
        "x-audit-operation": "RootChangeGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/RootChange"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "RootChangeBegin",
        "tags": ["Management"],
        "summary": "Order a new root, for other officers or tokens; what the body leaves out stays as it is",
        "x-audit-operation": "RootChangeBegin",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/download/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": false,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RootChangeRequest"}}}
        },
        "responses": {
          "201": {"$ref": "#/components/responses/RootChange"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "delete": {
        "operationId": "RootChangeAbort",
        "tags": ["Management"],
        "summary": "Drop the change, as long as the former root rules",
        "x-audit-operation": "RootChangeAbort",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/download/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RootChangeName"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/root-change/approvals": {
      "post": {
        "operationId": "RootChangeApprove",
        "tags": ["Management"],
        "summary": "An officer in office approves the change",
        "x-audit-operation": "RootChangeApprove",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RootVote"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/RootChange"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/root-change/domain": {
      "post": {
        "operationId": "RootChangePrepare",
        "tags": ["Management"],
        "summary": "Make the next root, and the file of its officers",
        "x-audit-operation": "RootChangePrepare",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/download/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RootChangeFile"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/root-change/confirmations": {
      "post": {
        "operationId": "RootChangeConfirm",
        "tags": ["Management"],
        "summary": "One of the next officers has opened his share; with the last one the next root rules",
        "x-audit-operation": "RootChangeConfirm",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RootVote"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/RootChange"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/root-change/commit": {
      "post": {
        "operationId": "RootChangeCommit",
        "tags": ["Management"],
        "summary": "Let the next root rule though not all of its officers have confirmed",
        "x-audit-operation": "RootChangeCommit",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/download/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RootChange"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/restoration": {
      "get": {
        "operationId": "RestorationInvitationGet",
        "tags": ["Management"],
        "summary": "Take part in bringing a security domain to this node",
        "x-audit-operation": "RestorationInvitationGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/UnsealInvitation"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "RestorationBegin",
        "tags": ["Management"],
        "summary": "Begin to bring a security domain to this node, by the officers' file without its shares",
        "x-audit-operation": "RestorationBegin",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/upload/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SecurityDomainOutline"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/UnsealInvitation"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/restoration/shares": {
      "post": {
        "operationId": "RestorationShareSubmit",
        "tags": ["Management"],
        "summary": "Hand in an officer's share of a security domain that is brought here",
        "x-audit-operation": "RestorationShareSubmit",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestorationShare"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/RestorationProgress"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/unseal": {
      "get": {
        "operationId": "UnsealInvitationGet",
        "tags": ["Management"],
        "summary": "Begin the officers' ceremony on a sealed node, or join it",
        "x-audit-operation": "UnsealInvitationGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/UnsealInvitation"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/quorate/v1/unseal/shares": {
      "post": {
        "operationId": "UnsealShareSubmit",
        "tags": ["Management"],
        "summary": "Hand in an officer's share",
        "x-audit-operation": "UnsealShareSubmit",
        "security": [],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/UnsealShare"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/UnsealProgress"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/metadata/endpoints": {
      "get": {
        "operationId": "CloudMetadataGet",
        "tags": ["Azure CLI"],
        "summary": "Describe the cloud that the pool is, for `az cloud register`",
        "x-audit-operation": "CloudMetadataGet",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/Cloud"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"}
        }
      }
    },
    "/metadata/endpoints/list": {
      "get": {
        "operationId": "CloudMetadataList",
        "tags": ["Azure CLI"],
        "summary": "The same, for `ARM_CLOUD_METADATA_URL`",
        "x-audit-operation": "CloudMetadataList",
        "security": [],
        "responses": {
          "200": {"$ref": "#/components/responses/Clouds"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "500": {"$ref": "#/components/responses/Failed"}
        }
      }
    },
    "/tenants": {
      "get": {
        "operationId": "TenantList",
        "tags": ["Azure CLI"],
        "summary": "List the one tenant",
        "x-audit-operation": "TenantList",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Tenants"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/subscriptions": {
      "get": {
        "operationId": "SubscriptionList",
        "tags": ["Azure CLI"],
        "summary": "List the one subscription",
        "x-audit-operation": "SubscriptionList",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Subscriptions"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/subscriptions/{subscription}": {
      "get": {
        "operationId": "SubscriptionGet",
        "tags": ["Azure CLI"],
        "summary": "Get the subscription",
        "x-audit-operation": "SubscriptionGet",
        "parameters": [
          {"$ref": "#/components/parameters/subscription"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/Subscription"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/subscriptions/{subscription}/resources": {
      "get": {
        "operationId": "ResourceList",
        "tags": ["Azure CLI"],
        "summary": "List what is in the subscription",
        "x-audit-operation": "ResourceList",
        "parameters": [
          {"$ref": "#/components/parameters/subscription"},
          {"$ref": "#/components/parameters/resourceFilter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/PoolResources"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/subscriptions/{subscription}/providers/Microsoft.KeyVault/managedHSMs": {
      "get": {
        "operationId": "PoolResourceList",
        "tags": ["Azure CLI"],
        "summary": "List the pools of the subscription",
        "x-audit-operation": "PoolResourceList",
        "parameters": [
          {"$ref": "#/components/parameters/subscription"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/PoolResources"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/managedHSMs": {
      "get": {
        "operationId": "PoolResourceListOfGroup",
        "tags": ["Azure CLI"],
        "summary": "List the pools of the resource group",
        "x-audit-operation": "PoolResourceListOfGroup",
        "parameters": [
          {"$ref": "#/components/parameters/subscription"},
          {"$ref": "#/components/parameters/group"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/PoolResources"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/managedHSMs/{pool}": {
      "get": {
        "operationId": "PoolResourceGet",
        "tags": ["Azure CLI"],
        "summary": "Get the pool",
        "x-audit-operation": "PoolResourceGet",
        "parameters": [
          {"$ref": "#/components/parameters/subscription"},
          {"$ref": "#/components/parameters/group"},
          {"$ref": "#/components/parameters/pool"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/PoolResource"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/graph/v1.0/directoryObjects/getByIds": {
      "post": {
        "operationId": "DirectoryObjectsGet",
        "tags": ["Azure CLI"],
        "summary": "Look up principals by their ids",
        "x-audit-operation": "DirectoryObjectsGet",
        "parameters": [
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DirectoryRequest"}}}
        },
        "responses": {
          "200": {"$ref": "#/components/responses/DirectoryObjects"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/graph/v1.0/servicePrincipals": {
      "get": {
        "operationId": "ServicePrincipalList",
        "tags": ["Azure CLI"],
        "summary": "Find principals of this kind",
        "x-audit-operation": "ServicePrincipalList",
        "parameters": [
          {"$ref": "#/components/parameters/directoryFilter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/DirectoryObjects"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/graph/v1.0/users": {
      "get": {
        "operationId": "UserList",
        "tags": ["Azure CLI"],
        "summary": "Find principals of this kind",
        "x-audit-operation": "UserList",
        "parameters": [
          {"$ref": "#/components/parameters/directoryFilter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/DirectoryObjects"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/graph/v1.0/groups": {
      "get": {
        "operationId": "GroupList",
        "tags": ["Azure CLI"],
        "summary": "Find principals of this kind",
        "x-audit-operation": "GroupList",
        "parameters": [
          {"$ref": "#/components/parameters/directoryFilter"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/DirectoryObjects"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/securitydomain/upload": {
      "get": {
        "operationId": "SecurityDomainTransferKeyGet",
        "tags": ["Security domain"],
        "summary": "Get the key that an upload to this node is encrypted for",
        "x-audit-operation": "SecurityDomainTransferKeyGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/transferkey/read",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/TransferKey"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      },
      "post": {
        "operationId": "SecurityDomainRestore",
        "tags": ["Security domain"],
        "summary": "Unseal this node with what officers have decrypted",
        "x-audit-operation": "SecurityDomainRestore",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/upload/action",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/apiVersion"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SecurityDomainUpload"}}}
        },
        "responses": {
          "202": {"$ref": "#/components/responses/SecurityDomainUpload"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "409": {"$ref": "#/components/responses/Conflict"},
          "413": {"$ref": "#/components/responses/TooLarge"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    },
    "/securitydomain/upload/pending": {
      "get": {
        "operationId": "SecurityDomainRestoreStatusGet",
        "tags": ["Security domain"],
        "summary": "How the last upload to this node stands",
        "x-audit-operation": "SecurityDomainRestoreStatusGet",
        "x-data-action": "Microsoft.KeyVault/managedHsm/securitydomain/upload/read",
        "x-scope": "/",
        "parameters": [
          {"$ref": "#/components/parameters/capability"},
          {"$ref": "#/components/parameters/clientRequestID"},
          {"$ref": "#/components/parameters/returnClientRequestID"}
        ],
        "responses": {
          "200": {"$ref": "#/components/responses/RestoringStatus"},
          "400": {"$ref": "#/components/responses/BadRequest"},
          "401": {"$ref": "#/components/responses/Unauthorized"},
          "403": {"$ref": "#/components/responses/Forbidden"},
          "404": {"$ref": "#/components/responses/NotFound"},
          "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
          "421": {"$ref": "#/components/responses/Misdirected"},
          "429": {"$ref": "#/components/responses/TooManyRequests"},
          "500": {"$ref": "#/components/responses/Failed"},
          "503": {"$ref": "#/components/responses/Unavailable"}
        }
      }
    }
  },
  "components": {
    "securitySchemes": {
      "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the pool's own issuer."
      }
    },
    "parameters": {
      "apiVersion": {
        "name": "api-version",
        "in": "query",
        "required": true,
        "description": "All known versions are answered in the same way.",
        "schema": {"$ref": "#/components/schemas/APIVersion"},
        "example": "2025-07-01"
      },
      "apiVersionUnlessLinked": {
        "name": "api-version",
        "in": "query",
        "description": "Required, but not beside `$skiptoken`: a `nextLink` is followed as it is, or with a version.",
        "schema": {"$ref": "#/components/schemas/APIVersion"},
        "example": "2025-07-01"
      },
      "name": {
        "name": "name",
        "in": "path",
        "required": true,
        "description": "The key's name.",
        "schema": {"$ref": "#/components/schemas/KeyName"},
        "example": "invoices"
      },
      "version": {
        "name": "version",
        "in": "path",
        "required": true,
        "description": "The key's version.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "example": "0123456789abcdef0123456789abcdef"
      },
      "attestationNonce": {
        "name": "nonce",
        "in": "query",
        "description": "Repeated in the statements, as a proof that they are fresh.",
        "schema": {"type": "string", "maxLength": 32}
      },
      "maxresults": {
        "name": "maxresults",
        "in": "query",
        "description": "The page's length.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 25, "default": 25}
      },
      "skiptoken": {
        "name": "$skiptoken",
        "in": "query",
        "description": "Where the page begins, out of the `nextLink` of the page before.",
        "schema": {"type": "string", "maxLength": 256}
      },
      "assignment": {
        "name": "assignment",
        "in": "path",
        "required": true,
        "description": "The assignment's name.",
        "schema": {"$ref": "#/components/schemas/GUID"},
        "example": "0ffe0000-0000-4000-8000-000000000001"
      },
      "definition": {
        "name": "definition",
        "in": "path",
        "required": true,
        "description": "The role's name.",
        "schema": {"$ref": "#/components/schemas/GUID"},
        "example": "21dbd100-6940-42c2-9190-5d6cb909625b"
      },
      "filter": {
        "name": "$filter",
        "in": "query",
        "description": "`atScope()`: at this scope and above. `atOrBelowScope()`: at this scope and below. `principalId eq {id}`: of one principal, at this scope, above and below. Without it: at this scope, and where that is the whole pool also at all keys.",
        "schema": {
          "type": "string",
          "pattern": "^(atScope\\(\\)|atOrBelowScope\\(\\)|principalId eq '?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'?)$"
        },
        "example": "atScope()"
      },
      "ignoredFilter": {
        "name": "$filter",
        "in": "query",
        "description": "Ignored: all roles are listed at every scope.",
        "schema": {"type": "string"}
      },
      "setting": {
        "name": "setting",
        "in": "path",
        "required": true,
        "description": "The setting's name.",
        "schema": {"type": "string", "const": "AllowKeyManagementOperationsThroughARM"}
      },
      "objectId": {
        "name": "objectId",
        "in": "path",
        "required": true,
        "description": "The principal.",
        "schema": {"$ref": "#/components/schemas/GUID"},
        "example": "0b1ec700-0000-4000-8000-000000000001"
      },
      "nodeId": {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The number of a node.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 18446744073709551615}
      },
      "jobId": {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "The id of a job.",
        "schema": {"$ref": "#/components/schemas/JobID"}
      },
      "tenant": {
        "name": "tenant",
        "in": "path",
        "required": true,
        "description": "Any name: clients put their tenant here.",
        "schema": {
          "type": "string",
          "pattern": "^[0-9a-zA-Z.-]{1,64}$",
          "not": {
            "enum": ["keys", "deletedkeys", "quorate", "providers", "settings", "securitydomain", "rng", "adfs"]
          }
        },
        "example": "common"
      },
      "clientRequestID": {
        "name": "x-ms-client-request-id",
        "in": "header",
        "description": "The client's own id for the request, a GUID: it is the correlation id of the audit record.",
        "schema": {"$ref": "#/components/schemas/GUID"}
      },
      "returnClientRequestID": {
        "name": "x-ms-return-client-request-id",
        "in": "header",
        "description": "`true`: the answer repeats the client's id.",
        "schema": {"type": "string", "enum": ["true", "false"]}
      },
      "subscription": {
        "name": "subscription",
        "in": "path",
        "required": true,
        "description": "The pool's id.",
        "schema": {"$ref": "#/components/schemas/GUID"},
        "example": "0ffe0000-0000-4000-8000-000000000004"
      },
      "group": {
        "name": "group",
        "in": "path",
        "required": true,
        "description": "The name of the resource group: the pool's.",
        "schema": {"type": "string"},
        "example": "quickstart"
      },
      "pool": {
        "name": "pool",
        "in": "path",
        "required": true,
        "description": "The first label of the host; all of it, port included, where it has one only or is an address.",
        "schema": {"type": "string"},
        "example": "hsm"
      },
      "resourceFilter": {
        "name": "$filter",
        "in": "query",
        "description": "Where it names vaults, there are none; all else in it is ignored.",
        "schema": {"type": "string"},
        "example": "resourceType eq 'Microsoft.KeyVault/managedHSMs'"
      },
      "directoryFilter": {
        "name": "$filter",
        "in": "query",
        "description": "`servicePrincipalNames/any(c:c eq '…')`, or `appId`, `displayName` or `userPrincipalName` with `eq '…'`.",
        "schema": {"type": "string"},
        "example": "displayName eq 'application'",
        "required": true
      },
      "capability": {
        "name": "op",
        "in": "query",
        "description": "Out of the `Azure-AsyncOperation` of the operation that is asked about. For an hour it stands for a token.",
        "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]{22}$"}
      }
    },
    "headers": {
      "x-ms-request-id": {
        "description": "Identifies the request in the answer, in the audit log and in the node's log.",
        "required": true,
        "schema": {"type": "string", "format": "uuid"}
      },
      "x-ms-client-request-id": {
        "description": "The client's own id, a GUID, where it asked for it with `x-ms-return-client-request-id: true`.",
        "required": false,
        "schema": {"type": "string", "format": "uuid"}
      },
      "cache-control": {
        "description": "No answer may be served again.",
        "required": true,
        "schema": {"type": "string", "enum": ["no-cache", "no-store"]}
      },
      "strict-transport-security": {"description": "RFC 6797.", "required": true, "schema": {"type": "string"}},
      "x-content-type-options": {
        "description": "The content is of the type that is named.",
        "required": true,
        "schema": {"const": "nosniff"}
      },
      "x-frame-options": {
        "description": "Not to be shown within a page.",
        "required": true,
        "schema": {"type": "string"}
      },
      "content-security-policy": {
        "description": "Nothing is loaded from elsewhere.",
        "required": true,
        "schema": {"type": "string"}
      },
      "x-ms-keyvault-region": {
        "description": "Where the node stands.",
        "required": true,
        "schema": {"type": "string"}
      },
      "x-ms-keyvault-network-info": {
        "description": "How the client is connected.",
        "required": true,
        "schema": {"type": "string", "pattern": "^conn_type=Ipv[46];addr=.+;act_addr_fam=Ipv[46];$"}
      },
      "x-ms-server-latency": {
        "description": "Milliseconds until the answer was ready.",
        "required": true,
        "schema": {"type": "string", "pattern": "^[0-9]+$"}
      },
      "www-authenticate": {
        "description": "Where tokens are to be had, and for which audience.",
        "required": true,
        "schema": {"type": "string"}
      },
      "retry-after": {
        "description": "Seconds after which a retry makes sense.",
        "required": true,
        "schema": {"type": "string", "pattern": "^[0-9]+$"}
      },
      "azure-asyncoperation": {
        "description": "Where to ask how the operation stands.",
        "required": true,
        "schema": {"type": "string", "pattern": "^https://.+/pending([?]op=[0-9A-Za-z_-]{22})?$"}
      }
    },
    "responses": {
      "KeyBundle": {
        "description": "The version.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyBundle"}}}
      },
      "DeletedKeyBundle": {
        "description": "The deleted key.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DeletedKeyBundle"}}}
      },
      "KeyPage": {
        "description": "A page of keys.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyPage"}}}
      },
      "KeyVersionPage": {
        "description": "A page of versions; empty for an unknown name.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyVersionPage"}}}
      },
      "DeletedKeyPage": {
        "description": "A page of deleted keys.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DeletedKeyPage"}}}
      },
      "KeyBackup": {
        "description": "The backup.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyBackup"}}}
      },
      "RotationPolicy": {
        "description": "The policy; without actions where the key has none.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RotationPolicy"}}}
      },
      "Signature": {
        "description": "The signature.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Signature"}}}
      },
      "BulkSignatures": {
        "description": "One result for each value.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BulkSignatures"}}}
      },
      "AttestedKey": {
        "description": "The version, with its attestation.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AttestedKey"}}}
      },
      "ReleasedKey": {
        "description": "The key, for the environment alone.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ReleasedKey"}}}
      },
      "Verification": {
        "description": "The verdict.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Verification"}}}
      },
      "OperationResult": {
        "description": "The result.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OperationResult"}}}
      },
      "RandomBytes": {
        "description": "The bytes.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RandomBytes"}}}
      },
      "Setting": {
        "description": "The setting.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Setting"}}}
      },
      "Settings": {
        "description": "All settings.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Settings"}}}
      },
      "RoleAssignment": {
        "description": "The assignment.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoleAssignment"}}}
      },
      "RoleAssignments": {
        "description": "The assignments.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoleAssignments"}}}
      },
      "RoleDefinition": {
        "description": "The role.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoleDefinition"}}}
      },
      "RoleDefinitions": {
        "description": "The roles.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoleDefinitions"}}}
      },
      "SecurityDomainStatus": {
        "description": "It was delivered.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SecurityDomainStatus"}}}
      },
      "Status": {
        "description": "The pool as this node knows it.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
      },
      "Principal": {
        "description": "The principal.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Principal"}}}
      },
      "Principals": {
        "description": "All principals.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Principals"}}}
      },
      "Nodes": {
        "description": "The nodes and invitations.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Nodes"}}}
      },
      "NodeTicket": {
        "description": "The ticket, shown this once.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NodeTicket"}}}
      },
      "NodeState": {
        "description": "The node and how it stands.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NodeState"}}}
      },
      "NodeNumber": {
        "description": "The wish is known to the pool.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NodeNumber"}}}
      },
      "NodeAdmission": {
        "description": "The members, to begin with.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NodeAdmission"}}}
      },
      "Sealed": {
        "description": "The node is sealed.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Sealed"}}}
      },
      "AutoUnseal": {
        "description": "The keys on tokens.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AutoUnseal"}}}
      },
      "PeerUnseal": {
        "description": "How nodes are unsealed by their peers.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PeerUnseal"}}}
      },
      "KeyEncryption": {
        "description": "The key-encryption key, and how its last change stands.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyEncryption"}}}
      },
      "RootChange": {
        "description": "The change of the root as it is now.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RootChange"}}}
      },
      "RootChangeFile": {
        "description": "The next officers' file, this once.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RootChangeFile"}}}
      },
      "RootChangeName": {
        "description": "The change that was dropped.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RootChangeName"}}}
      },
      "RestorationProgress": {
        "description": "How many officers have handed in shares.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestorationProgress"}}}
      },
      "RenewedPrincipal": {
        "description": "The principal with its new secret, which is shown this once.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewPrincipal"}}}
      },
      "RecoveryProgress": {
        "description": "How many officers have handed in shares.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RecoveryProgress"}}}
      },
      "NewPrincipal": {
        "description": "The principal was made.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewPrincipal"}}}
      },
      "SecurityDomain": {
        "description": "The security domain, in this one answer and nowhere else.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"},
          "azure-asyncoperation": {"$ref": "#/components/headers/azure-asyncoperation"},
          "retry-after": {"$ref": "#/components/headers/retry-after"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SecurityDomain"}}}
      },
      "BackupBegun": {
        "description": "It has begun.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"},
          "azure-asyncoperation": {"$ref": "#/components/headers/azure-asyncoperation"},
          "retry-after": {"$ref": "#/components/headers/retry-after"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BackupJob"}}}
      },
      "RestoreOrderOutline": {
        "description": "Which restore waits, and who has approved it.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoreOrderOutline"}}}
      },
      "RestoreOrder": {
        "description": "Which restore waits, and what it would change.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoreOrder"}}}
      },
      "RestoreOrderName": {
        "description": "The order that was given up.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoreOrderName"}}}
      },
      "RestoreBegun": {
        "description": "It has begun.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"},
          "azure-asyncoperation": {"$ref": "#/components/headers/azure-asyncoperation"},
          "retry-after": {"$ref": "#/components/headers/retry-after"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoreJob"}}}
      },
      "BackupJob": {
        "description": "How it stands; with `retry-after` while it runs.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BackupJob"}}}
      },
      "RestoreJob": {
        "description": "How it stands; with `retry-after` while it runs.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoreJob"}}}
      },
      "BackupSchedule": {
        "description": "The schedule.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {
          "application/json": {"schema": {"$ref": "#/components/schemas/BackupSchedule"}}
        }
      },
      "Jobs": {
        "description": "The jobs.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Jobs"}}}
      },
      "Purged": {
        "description": "It is purged.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        }
      },
      "Bodiless": {
        "description": "The same as to GET, without the body.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        }
      },
      "Health": {
        "description": "How the node stands.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
      },
      "UnsealInvitation": {
        "description": "The ceremony's invitation.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/UnsealInvitation"}}}
      },
      "UnsealProgress": {
        "description": "The share was taken.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/UnsealProgress"}}}
      },
      "Discovery": {
        "description": "Where the issuer's endpoints are.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Discovery"}}}
      },
      "TokenKeys": {
        "description": "The keys that tokens are signed with.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TokenKeys"}}}
      },
      "Document": {
        "description": "This document.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"type": "object", "required": ["openapi", "info", "paths"]}}}
      },
      "Token": {
        "description": "A token, good for an hour.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Token"}}}
      },
      "TokenRefused": {
        "description": "The request is malformed, or its grant or audience isn't served.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {
          "application/json": {
            "schema": {
              "anyOf": [{"$ref": "#/components/schemas/TokenError"}, {"$ref": "#/components/schemas/Error"}]
            }
          }
        }
      },
      "ClientRefused": {
        "description": "The client is unknown, disabled, or its secret is wrong.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "www-authenticate": {"$ref": "#/components/headers/www-authenticate"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TokenError"}}}
      },
      "NoTokenNow": {
        "description": "The node is sealed, or finds no majority.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {
          "application/json": {
            "schema": {
              "anyOf": [{"$ref": "#/components/schemas/TokenError"}, {"$ref": "#/components/schemas/Error"}]
            }
          }
        }
      },
      "BadRequest": {
        "description": "A parameter is missing, malformed or unfit, or the api-version isn't known. Codes: `BadParameter`, `MalformedBackupBlob`, `LimitExceeded`.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Unauthorized": {
        "description": "There is no token, or one that isn't honoured.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "www-authenticate": {"$ref": "#/components/headers/www-authenticate"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Forbidden": {
        "description": "The caller's roles don't allow it (`AccessDenied`), or the state of the key or the pool doesn't (`Forbidden`, with an inner code).",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "NotFound": {
        "description": "It isn't there. Codes: `KeyNotFound`, `RoleAssignmentNotFound`, `RoleDefinitionNotFound`, `PrincipalNotFound`, `SettingNotFound`, `SecurityDomainNotFound`, `SubscriptionNotFound`, `ResourceGroupNotFound`, `ResourceNotFound`.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Conflict": {
        "description": "It is there already, or in a state that rules the request out.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "TooLarge": {
        "description": "The body is larger than this route takes. `RequestBodyTooLarge`.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TransportError"}}}
      },
      "UnsupportedMediaType": {
        "description": "The body is compressed.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Misdirected": {
        "description": "The node isn't configured for the host that the request names.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "TooManyRequests": {
        "description": "Too many slow operations wait at the node, or too many reads or writes for the pool to confirm them.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "retry-after": {"$ref": "#/components/headers/retry-after"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Failed": {
        "description": "The service failed; the cause is in the node's log.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Unavailable": {
        "description": "The node is sealed or finds no majority, or its audit log can't be written. Another node may answer.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "retry-after": {"$ref": "#/components/headers/retry-after"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
      },
      "Cloud": {
        "description": "Where everything is, for the host that was asked.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Cloud"}}}
      },
      "Clouds": {
        "description": "The same in a list of one.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Clouds"}}}
      },
      "Tenants": {
        "description": "The one tenant.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tenants"}}}
      },
      "Subscription": {
        "description": "The subscription that stands for the pool.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Subscription"}}}
      },
      "Subscriptions": {
        "description": "The same in a list of one.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Subscriptions"}}}
      },
      "PoolResource": {
        "description": "The pool.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PoolResource"}}}
      },
      "PoolResources": {
        "description": "The pool, in a list.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PoolResources"}}}
      },
      "DirectoryObjects": {
        "description": "Those that there are.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DirectoryObjects"}}}
      },
      "TransferKey": {
        "description": "The key of this node, and of no other.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TransferKey"}}}
      },
      "SecurityDomainUpload": {
        "description": "It is the root of this pool; what comes of it is to be asked for.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"},
          "azure-asyncoperation": {"$ref": "#/components/headers/azure-asyncoperation"},
          "retry-after": {"$ref": "#/components/headers/retry-after"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoringStatus"}}}
      },
      "RestoringStatus": {
        "description": "How the last upload to this node stands.",
        "headers": {
          "x-ms-request-id": {"$ref": "#/components/headers/x-ms-request-id"},
          "x-ms-client-request-id": {"$ref": "#/components/headers/x-ms-client-request-id"},
          "cache-control": {"$ref": "#/components/headers/cache-control"},
          "strict-transport-security": {"$ref": "#/components/headers/strict-transport-security"},
          "x-content-type-options": {"$ref": "#/components/headers/x-content-type-options"},
          "x-frame-options": {"$ref": "#/components/headers/x-frame-options"},
          "content-security-policy": {"$ref": "#/components/headers/content-security-policy"},
          "x-ms-keyvault-region": {"$ref": "#/components/headers/x-ms-keyvault-region"},
          "x-ms-keyvault-network-info": {"$ref": "#/components/headers/x-ms-keyvault-network-info"},
          "x-ms-server-latency": {"$ref": "#/components/headers/x-ms-server-latency"}
        },
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RestoringStatus"}}}
      }
    },
    "schemas": {
      "Bytes": {
        "type": "string",
        "description": "Bytes in base64url without padding (RFC 4648 section 5).",
        "pattern": "^[A-Za-z0-9_-]*$"
      },
      "BytesGiven": {
        "type": "string",
        "description": "Bytes in base64url (RFC 4648 section 5); padding is accepted.",
        "pattern": "^[A-Za-z0-9_-]*={0,2}$"
      },
      "Time": {
        "type": "integer",
        "format": "int64",
        "description": "Seconds since 1970-01-01T00:00:00Z.",
        "minimum": 0,
        "maximum": 253402300799
      },
      "GUID": {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"},
      "KeyName": {"type": "string", "pattern": "^[0-9a-zA-Z-]{1,127}$"},
      "KeyIdentifier": {
        "type": "string",
        "description": "A version of a key: `{base}/keys/{name}/{version}`.",
        "pattern": "^https://[^/]+/keys/[0-9a-zA-Z-]{1,127}/[0-9a-f]{32}$"
      },
      "KeyURL": {
        "type": "string",
        "description": "A key without a version: `{base}/keys/{name}`.",
        "pattern": "^https://[^/]+/keys/[0-9a-zA-Z-]{1,127}$"
      },
      "KeyTypeGiven": {
        "type": "string",
        "description": "Without `-HSM` the same is meant.",
        "enum": ["RSA", "RSA-HSM", "EC", "EC-HSM", "oct", "oct-HSM", "OKP", "OKP-HSM"]
      },
      "Curve": {"type": "string", "enum": ["P-256", "P-384", "P-521", "P-256K"]},
      "CurveGiven": {
        "type": "string",
        "description": "Ed25519 is that of OKP, the others are those of EC. SECP256K1 is a former name of P-256K.",
        "enum": ["P-256", "P-384", "P-521", "P-256K", "SECP256K1", "Ed25519"]
      },
      "APIVersion": {
        "type": "string",
        "enum": [
          "2016-10-01", "7.0", "7.1", "7.2-preview", "7.2", "7.3-preview", "7.3", "7.4-preview.1", "7.4",
          "7.5-preview.1", "7.5", "7.6-preview.1", "7.6-preview.2", "7.6", "2025-06-01-preview", "2025-07-01",
          "2026-01-01-preview", "2026-04-01"
        ]
      },
      "KeyOperation": {
        "type": "string",
        "enum": ["sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey", "import", "export"]
      },
      "KeyOperations": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/KeyOperation"},
        "uniqueItems": true,
        "description": "What the key may do. `import` stands alone and is for RSA; EC keys sign and verify only. Without this member a new key gets all that its type can do."
      },
      "KeyOperationsGiven": {
        "type": "array",
        "items": {"anyOf": [{"$ref": "#/components/schemas/KeyOperation"}, {"const": "deriveKey"}]},
        "maxItems": 64,
        "description": "What the key may do. `import` stands alone and is for RSA; EC keys sign and verify only. `deriveKey` is left away, and for symmetric keys only. Without this member a new key gets all that its type can do; so does an imported one with an empty list."
      },
      "Tags": {
        "type": "object",
        "maxProperties": 15,
        "propertyNames": {"minLength": 1, "maxLength": 256},
        "additionalProperties": {"type": "string", "maxLength": 256}
      },
      "AttributesGiven": {
        "type": "object",
        "properties": {
          "enabled": {"type": "boolean"},
          "nbf": {"$ref": "#/components/schemas/Time"},
          "exp": {"$ref": "#/components/schemas/Time"},
          "exportable": {"type": "boolean"}
        }
      },
      "SymmetricKeySize": {
        "description": "Bits of a symmetric key, whose material nobody sees; other keys don't have it.",
        "type": "integer",
        "enum": [128, 192, 256]
      },
      "Attributes": {
        "type": "object",
        "required": ["enabled", "created", "updated", "recoveryLevel", "recoverableDays", "exportable"],
        "properties": {
          "enabled": {"type": "boolean"},
          "nbf": {"description": "Not valid before.", "$ref": "#/components/schemas/Time"},
          "exp": {"description": "Not valid from then on.", "$ref": "#/components/schemas/Time"},
          "created": {"$ref": "#/components/schemas/Time"},
          "updated": {"$ref": "#/components/schemas/Time"},
          "recoveryLevel": {
            "type": "string",
            "enum": [
              "Recoverable", "Recoverable+Purgeable", "CustomizedRecoverable", "CustomizedRecoverable+Purgeable"
            ]
          },
          "recoverableDays": {"type": "integer", "minimum": 7, "maximum": 90},
          "exportable": {"type": "boolean"},
          "key_size": {"$ref": "#/components/schemas/SymmetricKeySize"}
        },
        "additionalProperties": false
      },
      "ReleasePolicy": {
        "type": "object",
        "required": ["contentType", "data", "immutable"],
        "properties": {
          "contentType": {"type": "string"},
          "data": {"description": "The policy, as JSON in base64url.", "$ref": "#/components/schemas/Bytes"},
          "immutable": {"type": "boolean"}
        },
        "additionalProperties": false
      },
      "ReleasePolicyGiven": {
        "type": "object",
        "description": "Who may get the key out of the pool. Needs `exportable`, and is needed for it unless the latest version has one.",
        "required": ["data"],
        "properties": {
          "contentType": {"type": "string", "default": "application/json; charset=utf-8"},
          "data": {"description": "The policy, as JSON in base64url.", "$ref": "#/components/schemas/BytesGiven"},
          "immutable": {"type": "boolean", "description": "It can never be changed."}
        }
      },
      "PublicRSAKey": {
        "type": "object",
        "required": ["kid", "kty", "key_ops", "n", "e"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyIdentifier"},
          "kty": {"const": "RSA-HSM"},
          "key_ops": {"$ref": "#/components/schemas/KeyOperations"},
          "n": {"$ref": "#/components/schemas/Bytes"},
          "e": {"$ref": "#/components/schemas/Bytes"}
        },
        "additionalProperties": false
      },
      "PublicECKey": {
        "type": "object",
        "required": ["kid", "kty", "key_ops", "crv", "x", "y"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyIdentifier"},
          "kty": {"const": "EC-HSM"},
          "key_ops": {"$ref": "#/components/schemas/KeyOperations"},
          "crv": {"$ref": "#/components/schemas/Curve"},
          "x": {"$ref": "#/components/schemas/Bytes"},
          "y": {"$ref": "#/components/schemas/Bytes"}
        },
        "additionalProperties": false
      },
      "SymmetricKey": {
        "type": "object",
        "description": "A symmetric key has nothing public to show.",
        "required": ["kid", "kty", "key_ops"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyIdentifier"},
          "kty": {"const": "oct-HSM"},
          "key_ops": {"$ref": "#/components/schemas/KeyOperations"}
        },
        "additionalProperties": false
      },
      "PublicEdwardsKey": {
        "type": "object",
        "description": "RFC 8037. An extension of the protocol.",
        "required": ["kid", "kty", "key_ops", "crv", "x"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyIdentifier"},
          "kty": {"const": "OKP-HSM"},
          "key_ops": {"$ref": "#/components/schemas/KeyOperations"},
          "crv": {"const": "Ed25519"},
          "x": {"$ref": "#/components/schemas/Bytes"}
        },
        "additionalProperties": false
      },
      "WebKey": {
        "oneOf": [
          {"$ref": "#/components/schemas/PublicRSAKey"},
          {"$ref": "#/components/schemas/PublicECKey"},
          {"$ref": "#/components/schemas/SymmetricKey"},
          {"$ref": "#/components/schemas/PublicEdwardsKey"}
        ]
      },
      "KeyBundle": {
        "type": "object",
        "description": "A version of a key.",
        "required": ["key", "attributes"],
        "properties": {
          "key": {"$ref": "#/components/schemas/WebKey"},
          "attributes": {"$ref": "#/components/schemas/Attributes"},
          "tags": {"$ref": "#/components/schemas/Tags"},
          "release_policy": {"$ref": "#/components/schemas/ReleasePolicy"}
        },
        "additionalProperties": false
      },
      "Attestation": {
        "type": "object",
        "description": "docs/attestation.md describes it.",
        "required": ["version", "certificatePemFile", "privateKeyAttestation"],
        "properties": {
          "version": {"const": "QUORATE-1"},
          "certificatePemFile": {
            "description": "PEM of the attestation key's certificate and of that of the pool's identity key.",
            "$ref": "#/components/schemas/Bytes"
          },
          "privateKeyAttestation": {
            "description": "A compact JWS: what the pool states of the key.",
            "$ref": "#/components/schemas/Bytes"
          },
          "publicKeyAttestation": {
            "description": "The same about the public half; a symmetric key has none.",
            "$ref": "#/components/schemas/Bytes"
          }
        },
        "additionalProperties": false
      },
      "AttestedAttributes": {
        "type": "object",
        "required": [
          "enabled", "created", "updated", "recoveryLevel", "recoverableDays", "exportable", "attestation"
        ],
        "properties": {
          "enabled": {"type": "boolean"},
          "nbf": {"description": "Not valid before.", "$ref": "#/components/schemas/Time"},
          "exp": {"description": "Not valid from then on.", "$ref": "#/components/schemas/Time"},
          "created": {"$ref": "#/components/schemas/Time"},
          "updated": {"$ref": "#/components/schemas/Time"},
          "recoveryLevel": {
            "type": "string",
            "enum": [
              "Recoverable", "Recoverable+Purgeable", "CustomizedRecoverable", "CustomizedRecoverable+Purgeable"
            ]
          },
          "recoverableDays": {"type": "integer", "minimum": 7, "maximum": 90},
          "exportable": {"type": "boolean"},
          "key_size": {"$ref": "#/components/schemas/SymmetricKeySize"},
          "attestation": {"$ref": "#/components/schemas/Attestation"}
        },
        "additionalProperties": false
      },
      "AttestedKey": {
        "type": "object",
        "description": "A version of a key, with what the pool states of it.",
        "required": ["key", "attributes"],
        "properties": {
          "key": {"$ref": "#/components/schemas/WebKey"},
          "attributes": {"$ref": "#/components/schemas/AttestedAttributes"},
          "tags": {"$ref": "#/components/schemas/Tags"},
          "release_policy": {"$ref": "#/components/schemas/ReleasePolicy"}
        },
        "additionalProperties": false
      },
      "DeletedKeyBundle": {
        "type": "object",
        "description": "A deleted key; `key` is its latest version.",
        "required": ["key", "attributes", "recoveryId", "deletedDate", "scheduledPurgeDate"],
        "properties": {
          "key": {"$ref": "#/components/schemas/WebKey"},
          "attributes": {"$ref": "#/components/schemas/Attributes"},
          "tags": {"$ref": "#/components/schemas/Tags"},
          "release_policy": {"$ref": "#/components/schemas/ReleasePolicy"},
          "recoveryId": {"type": "string", "pattern": "^https://[^/]+/deletedkeys/[0-9a-zA-Z-]{1,127}$"},
          "deletedDate": {"$ref": "#/components/schemas/Time"},
          "scheduledPurgeDate": {"$ref": "#/components/schemas/Time"}
        },
        "additionalProperties": false
      },
      "KeyItem": {
        "type": "object",
        "required": ["kid", "attributes"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyURL"},
          "attributes": {"$ref": "#/components/schemas/Attributes"},
          "tags": {"$ref": "#/components/schemas/Tags"}
        },
        "additionalProperties": false
      },
      "KeyVersionItem": {
        "type": "object",
        "required": ["kid", "attributes"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyIdentifier"},
          "attributes": {"$ref": "#/components/schemas/Attributes"},
          "tags": {"$ref": "#/components/schemas/Tags"}
        },
        "additionalProperties": false
      },
      "DeletedKeyItem": {
        "type": "object",
        "required": ["kid", "attributes", "recoveryId", "deletedDate", "scheduledPurgeDate"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyURL"},
          "attributes": {"$ref": "#/components/schemas/Attributes"},
          "tags": {"$ref": "#/components/schemas/Tags"},
          "recoveryId": {"type": "string", "pattern": "^https://[^/]+/deletedkeys/[0-9a-zA-Z-]{1,127}$"},
          "deletedDate": {"$ref": "#/components/schemas/Time"},
          "scheduledPurgeDate": {"$ref": "#/components/schemas/Time"}
        },
        "additionalProperties": false
      },
      "KeyPage": {
        "type": "object",
        "required": ["value"],
        "properties": {
          "value": {"type": "array", "maxItems": 25, "items": {"$ref": "#/components/schemas/KeyItem"}},
          "nextLink": {
            "type": "string",
            "description": "The next page, where there is one: follow it as it is. An `api-version` may be added.",
            "pattern": "^https://"
          }
        },
        "additionalProperties": false
      },
      "KeyVersionPage": {
        "type": "object",
        "required": ["value"],
        "properties": {
          "value": {"type": "array", "maxItems": 25, "items": {"$ref": "#/components/schemas/KeyVersionItem"}},
          "nextLink": {
            "type": "string",
            "description": "The next page, where there is one: follow it as it is. An `api-version` may be added.",
            "pattern": "^https://"
          }
        },
        "additionalProperties": false
      },
      "DeletedKeyPage": {
        "type": "object",
        "required": ["value"],
        "properties": {
          "value": {"type": "array", "maxItems": 25, "items": {"$ref": "#/components/schemas/DeletedKeyItem"}},
          "nextLink": {
            "type": "string",
            "description": "The next page, where there is one: follow it as it is. An `api-version` may be added.",
            "pattern": "^https://"
          }
        },
        "additionalProperties": false
      },
      "KeyCreation": {
        "type": "object",
        "required": ["kty"],
        "properties": {
          "kty": {"$ref": "#/components/schemas/KeyTypeGiven"},
          "key_size": {
            "type": "integer",
            "enum": [128, 192, 256, 2048, 3072, 4096],
            "description": "RSA: 2048 (default), 3072, 4096. Symmetric: 128, 192, 256 (default)."
          },
          "public_exponent": {
            "type": "integer",
            "description": "RSA: odd, at least 65537 (default). 0 counts as left out.",
            "anyOf": [{"const": 0}, {"minimum": 65537}],
            "maximum": 9223372036854775807,
            "examples": [65537]
          },
          "crv": {
            "description": "EC: P-256 where it is left out. OKP: Ed25519.",
            "$ref": "#/components/schemas/CurveGiven"
          },
          "key_ops": {"$ref": "#/components/schemas/KeyOperationsGiven"},
          "attributes": {"$ref": "#/components/schemas/AttributesGiven"},
          "tags": {"$ref": "#/components/schemas/Tags"},
          "release_policy": {"$ref": "#/components/schemas/ReleasePolicyGiven"}
        },
        "examples": [
          {"kty": "EC", "crv": "P-256"},
          {"kty": "oct", "key_size": 256},
          {"kty": "RSA", "key_size": 2048}
        ]
      },
      "PrivateWebKey": {
        "type": "object",
        "required": ["kty"],
        "description": "A JSON Web Key with its private members (RFC 7518 section 6).",
        "properties": {
          "kty": {"$ref": "#/components/schemas/KeyTypeGiven"},
          "key_ops": {"$ref": "#/components/schemas/KeyOperationsGiven"},
          "crv": {"$ref": "#/components/schemas/CurveGiven"},
          "key_hsm": {
            "type": "string",
            "description": "Instead of private members: a transfer blob (`.byok` file) in base64 or base64url, wrapped for a key whose `key_ops` is `import`."
          },
          "n": {"$ref": "#/components/schemas/BytesGiven"},
          "e": {"$ref": "#/components/schemas/BytesGiven"},
          "d": {"$ref": "#/components/schemas/BytesGiven"},
          "p": {"$ref": "#/components/schemas/BytesGiven"},
          "q": {"$ref": "#/components/schemas/BytesGiven"},
          "dp": {"$ref": "#/components/schemas/BytesGiven"},
          "dq": {"$ref": "#/components/schemas/BytesGiven"},
          "qi": {"$ref": "#/components/schemas/BytesGiven"},
          "x": {"$ref": "#/components/schemas/BytesGiven"},
          "y": {"$ref": "#/components/schemas/BytesGiven"},
          "k": {"$ref": "#/components/schemas/BytesGiven"}
        }
      },
      "KeyImport": {
        "type": "object",
        "required": ["key"],
        "properties": {
          "key": {"$ref": "#/components/schemas/PrivateWebKey"},
          "attributes": {"$ref": "#/components/schemas/AttributesGiven"},
          "tags": {"$ref": "#/components/schemas/Tags"},
          "release_policy": {"$ref": "#/components/schemas/ReleasePolicyGiven"},
          "Hsm": {"description": "Ignored: every key is in the module."}
        },
        "examples": [{"key": {"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODw"}}]
      },
      "KeyUpdate": {
        "type": "object",
        "description": "Members that are absent stay as they are; `tags` replaces all former tags.",
        "properties": {
          "attributes": {"$ref": "#/components/schemas/AttributesGiven"},
          "tags": {"$ref": "#/components/schemas/Tags"},
          "key_ops": {"$ref": "#/components/schemas/KeyOperationsGiven"},
          "release_policy": {"$ref": "#/components/schemas/ReleasePolicyGiven"}
        },
        "examples": [{"tags": {"stage": "test"}}, {"attributes": {"enabled": false}}]
      },
      "KeyBackup": {
        "type": "object",
        "required": ["value"],
        "properties": {
          "value": {
            "description": "The key with all its versions, sealed for pools of the same security domain.",
            "$ref": "#/components/schemas/Bytes"
          }
        },
        "additionalProperties": false
      },
      "KeyRestore": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"$ref": "#/components/schemas/BytesGiven"}},
        "examples": [{"value": "UVNCMQ"}]
      },
      "Duration": {
        "type": "string",
        "description": "A duration of ISO 8601, such as P90D or P1Y10D; at most 1000 years.",
        "pattern": "^P"
      },
      "RotationPolicyGiven": {
        "type": "object",
        "description": "A policy without expiry and without actions removes the key's.",
        "properties": {
          "lifetimeActions": {
            "type": "array",
            "maxItems": 2,
            "items": {
              "type": "object",
              "required": ["trigger", "action"],
              "properties": {
                "trigger": {
                  "type": "object",
                  "description": "Exactly one of the two.",
                  "properties": {
                    "timeAfterCreate": {"$ref": "#/components/schemas/Duration"},
                    "timeBeforeExpiry": {"$ref": "#/components/schemas/Duration"}
                  }
                },
                "action": {
                  "type": "object",
                  "required": ["type"],
                  "properties": {"type": {"type": "string", "enum": ["Rotate", "rotate"]}}
                }
              }
            }
          },
          "attributes": {
            "type": "object",
            "properties": {
              "expiryTime": {
                "description": "How long each new version is valid; at least 28 days.",
                "$ref": "#/components/schemas/Duration"
              }
            }
          }
        },
        "examples": [
          {
            "lifetimeActions": [{"trigger": {"timeAfterCreate": "P60D"}, "action": {"type": "Rotate"}}],
            "attributes": {"expiryTime": "P90D"}
          },
          {"lifetimeActions": [], "attributes": {}}
        ]
      },
      "RotationPolicy": {
        "type": "object",
        "required": ["id", "lifetimeActions", "attributes"],
        "properties": {
          "id": {"type": "string", "pattern": "^https://[^/]+/keys/[0-9a-zA-Z-]{1,127}/rotationpolicy$"},
          "lifetimeActions": {
            "type": "array",
            "maxItems": 1,
            "items": {
              "type": "object",
              "required": ["trigger", "action"],
              "properties": {
                "trigger": {
                  "type": "object",
                  "minProperties": 1,
                  "maxProperties": 1,
                  "additionalProperties": false,
                  "properties": {
                    "timeAfterCreate": {"$ref": "#/components/schemas/Duration"},
                    "timeBeforeExpiry": {"$ref": "#/components/schemas/Duration"}
                  }
                },
                "action": {
                  "type": "object",
                  "required": ["type"],
                  "properties": {"type": {"const": "Rotate"}},
                  "additionalProperties": false
                }
              },
              "additionalProperties": false
            }
          },
          "attributes": {
            "type": "object",
            "properties": {
              "expiryTime": {"$ref": "#/components/schemas/Duration"},
              "created": {"$ref": "#/components/schemas/Time"},
              "updated": {"$ref": "#/components/schemas/Time"}
            },
            "additionalProperties": false
          }
        },
        "additionalProperties": false
      },
      "SignatureAlgorithm": {
        "type": "string",
        "enum": [
          "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "HS256", "HS384",
          "HS512", "RSNULL", "EdDSA"
        ]
      },
      "EncryptionAlgorithm": {
        "type": "string",
        "enum": [
          "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "A128GCM", "A192GCM", "A256GCM", "A128CBC", "A192CBC", "A256CBC",
          "A128CBCPAD", "A192CBCPAD", "A256CBCPAD"
        ]
      },
      "KeyWrapAlgorithm": {
        "type": "string",
        "enum": [
          "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "A128KW", "A192KW", "A256KW", "CKM_AES_KEY_WRAP",
          "CKM_AES_KEY_WRAP_PAD"
        ]
      },
      "SignRequest": {
        "type": "object",
        "required": ["alg", "value"],
        "properties": {
          "alg": {"$ref": "#/components/schemas/SignatureAlgorithm"},
          "value": {
            "description": "The digest that the algorithm signs; for HS256, HS384, HS512 and EdDSA the message itself; for RSNULL what is padded as it is.",
            "$ref": "#/components/schemas/BytesGiven"
          }
        },
        "examples": [
          {"alg": "ES256", "value": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
          {"alg": "HS256", "value": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
        ]
      },
      "VerifyRequest": {
        "type": "object",
        "required": ["alg", "digest", "value"],
        "properties": {
          "alg": {"$ref": "#/components/schemas/SignatureAlgorithm"},
          "digest": {"description": "As `value` of sign.", "$ref": "#/components/schemas/BytesGiven"},
          "value": {"description": "The signature.", "$ref": "#/components/schemas/BytesGiven"}
        },
        "examples": [
          {
            "alg": "ES256",
            "digest": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "value": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
          }
        ]
      },
      "EncryptRequest": {
        "type": "object",
        "required": ["alg", "value"],
        "properties": {
          "alg": {"$ref": "#/components/schemas/EncryptionAlgorithm"},
          "value": {"description": "The plaintext.", "$ref": "#/components/schemas/BytesGiven"},
          "iv": {
            "description": "CBC and CBCPAD: 16 bytes, required. GCM: refused, the service makes it.",
            "$ref": "#/components/schemas/BytesGiven"
          },
          "aad": {
            "description": "GCM: additional data that is authenticated and not encrypted.",
            "$ref": "#/components/schemas/BytesGiven"
          }
        },
        "examples": [
          {"alg": "A256GCM", "value": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
          {"alg": "RSA-OAEP-256", "value": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
        ]
      },
      "DecryptRequest": {
        "type": "object",
        "required": ["alg", "value"],
        "properties": {
          "alg": {"$ref": "#/components/schemas/EncryptionAlgorithm"},
          "value": {"description": "The ciphertext.", "$ref": "#/components/schemas/BytesGiven"},
          "iv": {"$ref": "#/components/schemas/BytesGiven"},
          "tag": {
            "description": "GCM: the 16 bytes that encrypt returned.",
            "$ref": "#/components/schemas/BytesGiven"
          },
          "aad": {"$ref": "#/components/schemas/BytesGiven"}
        },
        "examples": [
          {
            "alg": "A256GCM",
            "value": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "iv": "AAAAAAAAAAAAAAAA",
            "tag": "AAAAAAAAAAAAAAAAAAAAAA"
          }
        ]
      },
      "WrapRequest": {
        "type": "object",
        "required": ["alg", "value"],
        "properties": {
          "alg": {"$ref": "#/components/schemas/KeyWrapAlgorithm"},
          "value": {
            "description": "The key that is wrapped, or the wrapped key.",
            "$ref": "#/components/schemas/BytesGiven"
          }
        },
        "examples": [
          {"alg": "A256KW", "value": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
          {"alg": "RSA-OAEP-256", "value": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
        ]
      },
      "Signature": {
        "type": "object",
        "required": ["kid", "value"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyIdentifier"},
          "value": {"description": "The signature; of an EC key r ‖ s.", "$ref": "#/components/schemas/Bytes"}
        },
        "additionalProperties": false
      },
      "BulkSignRequest": {
        "type": "object",
        "required": ["alg", "values"],
        "properties": {
          "alg": {"$ref": "#/components/schemas/SignatureAlgorithm"},
          "values": {
            "type": "array",
            "minItems": 1,
            "maxItems": 256,
            "items": {"$ref": "#/components/schemas/BytesGiven"},
            "description": "Each as `value` of sign."
          }
        },
        "examples": [
          {
            "alg": "ES256",
            "values": ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
          }
        ]
      },
      "BulkSignatures": {
        "type": "object",
        "required": ["kid", "alg", "results"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyIdentifier"},
          "alg": {"$ref": "#/components/schemas/SignatureAlgorithm"},
          "results": {
            "type": "array",
            "minItems": 1,
            "maxItems": 256,
            "description": "In the order of the values: each a signature, or why there is none.",
            "items": {
              "oneOf": [
                {
                  "type": "object",
                  "required": ["value"],
                  "properties": {"value": {"$ref": "#/components/schemas/Bytes"}},
                  "additionalProperties": false
                },
                {
                  "type": "object",
                  "required": ["error"],
                  "properties": {
                    "error": {
                      "type": "object",
                      "required": ["code", "message"],
                      "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                      "additionalProperties": false
                    }
                  },
                  "additionalProperties": false
                }
              ]
            }
          }
        },
        "additionalProperties": false
      },
      "ReleaseRequest": {
        "type": "object",
        "required": ["target"],
        "properties": {
          "target": {
            "type": "string",
            "description": "The target environment's assertion: a JWT of an authority that the pool knows."
          },
          "nonce": {"type": "string", "maxLength": 64, "description": "Repeated in the answer."},
          "enc": {
            "type": "string",
            "enum": ["CKM_RSA_AES_KEY_WRAP", "RSA_AES_KEY_WRAP_256", "RSA_AES_KEY_WRAP_384"],
            "default": "CKM_RSA_AES_KEY_WRAP"
          }
        },
        "examples": [{"target": "e30.e30.e30"}]
      },
      "ReleasedKey": {
        "type": "object",
        "required": ["value"],
        "properties": {
          "value": {
            "type": "string",
            "description": "A compact JWS (RFC 7515) around the key, encrypted to the environment.",
            "pattern": "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$"
          }
        },
        "additionalProperties": false
      },
      "Verification": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "boolean", "description": "Whether the signature is good."}},
        "additionalProperties": false
      },
      "OperationResult": {
        "type": "object",
        "required": ["kid", "value"],
        "properties": {
          "kid": {"$ref": "#/components/schemas/KeyIdentifier"},
          "value": {"$ref": "#/components/schemas/Bytes"},
          "alg": {
            "type": "string",
            "description": "Of symmetric keys only.",
            "enum": [
              "A128CBC", "A128CBCPAD", "A128GCM", "A128KW", "A192CBC", "A192CBCPAD", "A192GCM", "A192KW", "A256CBC",
              "A256CBCPAD", "A256GCM", "A256KW", "CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD"
            ]
          },
          "iv": {"$ref": "#/components/schemas/Bytes"},
          "tag": {"$ref": "#/components/schemas/Bytes"},
          "aad": {"$ref": "#/components/schemas/Bytes"}
        },
        "additionalProperties": false
      },
      "RandomRequest": {
        "type": "object",
        "required": ["count"],
        "properties": {"count": {"type": "integer", "minimum": 1, "maximum": 128}}
      },
      "RandomBytes": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"$ref": "#/components/schemas/Bytes"}},
        "additionalProperties": false
      },
      "Setting": {
        "type": "object",
        "required": ["name", "type", "value"],
        "properties": {
          "name": {"const": "AllowKeyManagementOperationsThroughARM"},
          "type": {"const": "boolean"},
          "value": {"const": "false"}
        },
        "additionalProperties": false
      },
      "Settings": {
        "type": "object",
        "required": ["settings"],
        "properties": {"settings": {"type": "array", "items": {"$ref": "#/components/schemas/Setting"}}},
        "additionalProperties": false
      },
      "SettingUpdate": {
        "type": "object",
        "required": ["value"],
        "properties": {
          "value": {
            "type": "string",
            "enum": ["false", "true"],
            "description": "`true` is refused: there is no resource manager here."
          }
        }
      },
      "RoleAssignmentRequest": {
        "type": "object",
        "required": ["properties"],
        "properties": {
          "properties": {
            "type": "object",
            "required": ["principalId", "roleDefinitionId"],
            "properties": {
              "principalId": {"$ref": "#/components/schemas/GUID"},
              "roleDefinitionId": {
                "type": "string",
                "description": "A role's GUID, alone or at the end of its identifier."
              }
            }
          }
        },
        "examples": [
          {
            "properties": {
              "principalId": "0b1ec700-0000-4000-8000-000000000001",
              "roleDefinitionId": "21dbd100-6940-42c2-9190-5d6cb909625b"
            }
          }
        ]
      },
      "RoleAssignment": {
        "type": "object",
        "required": ["id", "name", "type", "properties"],
        "properties": {
          "id": {"type": "string", "pattern": "^/providers/Microsoft.Authorization/roleAssignments/[0-9a-f-]{36}$"},
          "name": {"$ref": "#/components/schemas/GUID"},
          "type": {"const": "Microsoft.Authorization/roleAssignments"},
          "properties": {
            "type": "object",
            "required": ["principalId", "roleDefinitionId", "scope"],
            "properties": {
              "principalId": {"$ref": "#/components/schemas/GUID"},
              "roleDefinitionId": {
                "type": "string",
                "pattern": "^Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/[0-9a-f-]{36}$"
              },
              "scope": {"type": "string", "pattern": "^/(keys(/[0-9a-zA-Z-]{1,127})?)?$"}
            },
            "additionalProperties": false
          }
        },
        "additionalProperties": false
      },
      "RoleAssignments": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/components/schemas/RoleAssignment"}}},
        "additionalProperties": false
      },
      "RoleDefinitionRequest": {
        "type": "object",
        "required": ["properties"],
        "properties": {
          "properties": {
            "type": "object",
            "properties": {
              "roleName": {"type": "string", "maxLength": 512},
              "description": {"type": "string", "maxLength": 2048},
              "type": {"description": "Ignored: the role is a custom one."},
              "assignableScopes": {"description": "Ignored: the role can be assigned at every scope."},
              "permissions": {
                "type": "array",
                "description": "One block; several where none of them excludes anything. They are answered as one.",
                "maxItems": 64,
                "items": {
                  "type": "object",
                  "properties": {
                    "actions": {
                      "type": "array",
                      "maxItems": 100,
                      "items": {"type": "string", "minLength": 1, "maxLength": 256}
                    },
                    "notActions": {
                      "type": "array",
                      "maxItems": 100,
                      "items": {"type": "string", "minLength": 1, "maxLength": 256}
                    },
                    "dataActions": {
                      "description": "Names of data actions, in which `*` stands for any characters. One that matches none is refused.",
                      "type": "array",
                      "maxItems": 100,
                      "items": {"type": "string", "minLength": 1, "maxLength": 256}
                    },
                    "notDataActions": {
                      "description": "The same, of what is taken away from `dataActions`.",
                      "type": "array",
                      "maxItems": 100,
                      "items": {"type": "string", "minLength": 1, "maxLength": 256}
                    }
                  }
                }
              }
            }
          }
        },
        "examples": [
          {
            "properties": {
              "roleName": "Signer",
              "description": "Signs.",
              "permissions": [
                {
                  "actions": [],
                  "notActions": [],
                  "dataActions": ["Microsoft.KeyVault/managedHsm/keys/sign/action"],
                  "notDataActions": []
                }
              ]
            }
          }
        ]
      },
      "RoleDefinition": {
        "type": "object",
        "required": ["id", "name", "type", "properties"],
        "properties": {
          "id": {
            "type": "string",
            "pattern": "^Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/[0-9a-f-]{36}$"
          },
          "name": {"$ref": "#/components/schemas/GUID"},
          "type": {"const": "Microsoft.Authorization/roleDefinitions"},
          "properties": {
            "type": "object",
            "required": ["roleName", "description", "type", "assignableScopes", "permissions"],
            "properties": {
              "roleName": {"type": "string"},
              "description": {"type": "string"},
              "type": {"type": "string", "enum": ["AKVBuiltInRole", "CustomRole"]},
              "assignableScopes": {"type": "array", "items": {"type": "string"}},
              "permissions": {
                "type": "array",
                "items": {
                  "type": "object",
                  "required": ["actions", "notActions", "dataActions", "notDataActions"],
                  "properties": {
                    "actions": {"type": "array", "items": {"type": "string"}},
                    "notActions": {"type": "array", "items": {"type": "string"}},
                    "dataActions": {"type": "array", "items": {"type": "string"}},
                    "notDataActions": {"type": "array", "items": {"type": "string"}}
                  },
                  "additionalProperties": false
                }
              }
            },
            "additionalProperties": false
          }
        },
        "additionalProperties": false
      },
      "RoleDefinitions": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/components/schemas/RoleDefinition"}}},
        "additionalProperties": false
      },
      "SecurityDomainRequest": {
        "type": "object",
        "required": ["certificates"],
        "properties": {
          "certificates": {
            "type": "array",
            "minItems": 3,
            "maxItems": 10,
            "description": "One for each officer.",
            "items": {
              "type": "object",
              "required": ["x5c"],
              "properties": {
                "x5c": {
                  "type": "array",
                  "minItems": 1,
                  "items": {
                    "type": "string",
                    "description": "The certificate, DER in base64 with padding: RSA of 2048, 3072 or 4096 bits."
                  }
                }
              }
            }
          },
          "required": {
            "type": "integer",
            "minimum": 2,
            "maximum": 10,
            "default": 2,
            "description": "How many officers are needed to open the domain."
          }
        }
      },
      "SecurityDomain": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "string", "description": "The security domain file: JSON in a string."}},
        "additionalProperties": false
      },
      "SecurityDomainStatus": {
        "type": "object",
        "required": ["status", "status_details"],
        "properties": {"status": {"const": "Success"}, "status_details": {"type": "string"}},
        "additionalProperties": false
      },
      "JobID": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
      "BackupContainer": {
        "type": "object",
        "required": ["storageResourceUri"],
        "properties": {
          "storageResourceUri": {"type": "string", "description": "A container that the node's file allows."},
          "token": {"type": ["string", "null"], "description": "Its SAS token.", "format": "password"},
          "useManagedIdentity": {"type": ["boolean", "null"], "description": "Whether the identity that a cloud gave the node's machine opens it, in place of a token."}
        }
      },
      "BackupRequest": {"$ref": "#/components/schemas/BackupContainer"},
      "BackupCheck": {
        "description": "Without a container the check is only that the caller may and that no other job runs.",
        "anyOf": [
          {"$ref": "#/components/schemas/BackupContainer"},
          {
            "type": "object",
            "properties": {"storageResourceUri": {"type": "null"}, "token": {"type": "null"}, "useManagedIdentity": {"type": "null"}}
          }
        ]
      },
      "RestoreCheck": {
        "description": "Without a folder the check is only that the caller may, that no other job runs, and that the node may use the container, if one is named.",
        "anyOf": [
          {"$ref": "#/components/schemas/RestoreRequest"},
          {
            "type": "object",
            "properties": {
              "sasTokenParameters": {"anyOf": [{"$ref": "#/components/schemas/BackupContainer"}, {"type": "null"}]},
              "folderToRestore": {"type": "null"},
              "keepCredentials": {"type": "null"}
            }
          }
        ]
      },
      "RestoreRequest": {
        "type": "object",
        "required": ["sasTokenParameters", "folderToRestore"],
        "properties": {
          "sasTokenParameters": {"$ref": "#/components/schemas/BackupContainer"},
          "folderToRestore": {"type": "string", "description": "The backup's folder in the container."},
          "keepCredentials": {
            "type": "boolean",
            "description": "Of everything: principals keep their secrets. An extension of ours."
          }
        }
      },
      "RestoreStart": {
        "type": "object",
        "required": ["sasTokenParameters"],
        "properties": {"sasTokenParameters": {"$ref": "#/components/schemas/BackupContainer"}}
      },
      "RestoreOrderName": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
        "additionalProperties": false
      },
      "RestoreOrderOutline": {
        "type": "object",
        "required": [
          "id", "poolId", "securityDomainId", "generation", "epoch", "expires", "officers", "approvalsRequired", "approvals"
        ],
        "properties": {
          "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "poolId": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "securityDomainId": {"type": "string", "pattern": "^[0-9a-f]+$"},
          "generation": {"type": "integer", "minimum": 0},
          "epoch": {"type": "integer", "minimum": 1},
          "expires": {"$ref": "#/components/schemas/Time"},
          "officers": {
            "type": "array", "items": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "description": "SHA-256 of the certificates of those in office, in order."
          },
          "approvalsRequired": {"type": "integer", "minimum": 1},
          "approvals": {
            "type": "array", "items": {"type": "integer", "minimum": 1}, "description": "Places of officers."
          }
        },
        "additionalProperties": false
      },
      "RestoreOrder": {
        "type": "object",
        "description": "What officers sign is bound to all of it.",
        "required": [
          "id", "poolId", "securityDomainId", "generation", "epoch", "expires", "officers", "approvalsRequired", "approvals",
          "place", "folder", "keepCredentials", "backup", "consequences"
        ],
        "properties": {
          "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "poolId": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "securityDomainId": {"type": "string", "pattern": "^[0-9a-f]+$"},
          "generation": {"type": "integer", "minimum": 0},
          "epoch": {"type": "integer", "minimum": 1},
          "expires": {"$ref": "#/components/schemas/Time"},
          "officers": {
            "type": "array", "items": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "description": "SHA-256 of the certificates of those in office, in order."
          },
          "approvalsRequired": {"type": "integer", "minimum": 1},
          "approvals": {
            "type": "array", "items": {"type": "integer", "minimum": 1}, "description": "Places of officers."
          },
          "place": {"type": "string", "description": "Container and folder."},
          "folder": {"type": "string"},
          "keepCredentials": {"type": "boolean", "description": "Principals that come back keep their secrets."},
          "backup": {"$ref": "#/components/schemas/OrderedBackup"},
          "orderedBy": {"$ref": "#/components/schemas/GUID"},
          "orderedByName": {"type": "string"},
          "consequences": {
            "type": "array", "items": {"type": "string"}, "description": "What it changes beside keys, line by line."
          }
        },
        "additionalProperties": false
      },
      "OrderedBackup": {
        "type": "object",
        "required": ["id", "headerSha256", "pool", "index", "created"],
        "properties": {
          "id": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
          "headerSha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
          "pool": {"type": "string", "description": "The name of the pool that made it."},
          "index": {"type": "integer", "minimum": 0, "description": "The last log entry in it."},
          "created": {"$ref": "#/components/schemas/Time"}
        },
        "additionalProperties": false
      },
      "KeyRestoreRequest": {
        "type": "object",
        "required": ["sasTokenParameters", "folder"],
        "properties": {
          "sasTokenParameters": {"$ref": "#/components/schemas/BackupContainer"},
          "folder": {"type": "string", "description": "The backup's folder in the container."}
        }
      },
      "JobError": {
        "type": "object",
        "required": ["code", "message", "innererror"],
        "properties": {
          "code": {"type": ["string", "null"]},
          "message": {"type": ["string", "null"]},
          "innererror": {"type": "null"}
        },
        "additionalProperties": false
      },
      "BackupJob": {
        "type": "object",
        "required": ["status", "statusDetails", "error", "startTime", "endTime", "jobId", "azureStorageBlobContainerUri"],
        "properties": {
          "status": {"type": "string", "enum": ["InProgress", "Succeeded", "Failed"]},
          "statusDetails": {"type": "string", "description": "How much was written or read so far."},
          "error": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/JobError"}]},
          "startTime": {"$ref": "#/components/schemas/Time"},
          "endTime": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Time"}]},
          "jobId": {"$ref": "#/components/schemas/JobID"},
          "azureStorageBlobContainerUri": {"type": "string", "description": "Container and folder."}
        },
        "additionalProperties": false
      },
      "RestoreJob": {
        "type": "object",
        "required": ["status", "statusDetails", "error", "startTime", "endTime", "jobId"],
        "properties": {
          "status": {"type": "string", "enum": ["InProgress", "Succeeded", "Failed"]},
          "statusDetails": {"type": "string", "description": "How much was written or read so far."},
          "error": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/JobError"}]},
          "startTime": {"$ref": "#/components/schemas/Time"},
          "endTime": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Time"}]},
          "jobId": {"$ref": "#/components/schemas/JobID"}
        },
        "additionalProperties": false
      },
      "BackupScheduleGiven": {
        "type": "object",
        "required": ["storageResourceUri", "keep"],
        "properties": {
          "storageResourceUri": {"type": "string", "description": "A container that the nodes' files allow."},
          "token": {"type": ["string", "null"], "description": "Its SAS token.", "format": "password"},
          "useManagedIdentity": {"type": ["boolean", "null"], "description": "Whether the identity of the node's machine opens it."},
          "keep": {
            "type": "object",
            "description": "Of how many hours, days and weeks the newest backup stays.",
            "properties": {
              "hourly": {"type": "integer", "minimum": 0, "maximum": 168},
              "daily": {"type": "integer", "minimum": 0, "maximum": 366},
              "weekly": {"type": "integer", "minimum": 0, "maximum": 260}
            }
          },
          "alarmAfterSeconds": {
            "type": "integer",
            "minimum": 3600,
            "maximum": 31622400,
            "description": "Age of the newest good backup that is too much; by default twice the time between two."
          }
        }
      },
      "BackupSchedule": {
        "type": "object",
        "required": ["storageResourceUri", "useManagedIdentity", "keep", "alarmAfterSeconds", "set", "isOverdue", "backups"],
        "properties": {
          "storageResourceUri": {"type": "string"},
          "useManagedIdentity": {"type": "boolean"},
          "keep": {"$ref": "#/components/schemas/BackupRetention"},
          "alarmAfterSeconds": {"type": "integer", "minimum": 3600},
          "set": {"$ref": "#/components/schemas/Time"},
          "newestBackup": {"$ref": "#/components/schemas/Time"},
          "isOverdue": {"type": "boolean", "description": "Whether the newest good backup is too old."},
          "nextBackup": {"$ref": "#/components/schemas/Time"},
          "lastAttempt": {
            "type": "object",
            "required": ["jobId", "began"],
            "properties": {
              "jobId": {"$ref": "#/components/schemas/JobID"},
              "began": {"$ref": "#/components/schemas/Time"},
              "status": {"type": "string", "enum": ["InProgress", "Succeeded", "Failed"]},
              "code": {"type": "string"},
              "message": {"type": "string"}
            },
            "additionalProperties": false
          },
          "backups": {
            "type": "array",
            "description": "What the schedule made and didn't remove, the newest first.",
            "items": {
              "type": "object",
              "required": ["jobId", "folder", "taken", "bytes", "isBeingRemoved"],
              "properties": {
                "jobId": {"$ref": "#/components/schemas/JobID"},
                "folder": {"type": "string"},
                "taken": {"$ref": "#/components/schemas/Time"},
                "bytes": {"type": "integer", "minimum": 0},
                "isBeingRemoved": {"type": "boolean"}
              },
              "additionalProperties": false
            }
          }
        },
        "additionalProperties": false
      },
      "BackupRetention": {
        "type": "object",
        "description": "Of how many hours, days and weeks the newest backup stays.",
        "properties": {
          "hourly": {"type": "integer", "minimum": 0, "maximum": 168},
          "daily": {"type": "integer", "minimum": 0, "maximum": 366},
          "weekly": {"type": "integer", "minimum": 0, "maximum": 260}
        },
        "required": ["hourly", "daily", "weekly"],
        "additionalProperties": false
      },
      "Jobs": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}},
        "additionalProperties": false
      },
      "Job": {
        "type": "object",
        "required": ["id", "kind", "status", "node", "place", "started", "items", "bytes"],
        "properties": {
          "id": {"$ref": "#/components/schemas/JobID"},
          "kind": {
            "type": "string",
            "enum": ["backup", "backup-check", "restore", "restore-check", "key-restore", "restore-order"]
          },
          "status": {"type": "string", "enum": ["running", "succeeded", "failed"]},
          "node": {"type": "string", "description": "The node that runs it."},
          "place": {"type": "string", "description": "Container and folder."},
          "key": {"$ref": "#/components/schemas/KeyName"},
          "started": {"$ref": "#/components/schemas/Time"},
          "ended": {"$ref": "#/components/schemas/Time"},
          "items": {"type": "integer", "minimum": 0},
          "bytes": {"type": "integer", "minimum": 0},
          "code": {"type": "string"},
          "report": {"type": "string", "description": "What a restore of everything has brought."},
          "takeovers": {"type": "integer", "minimum": 1, "description": "How often another node went on with it."},
          "message": {"type": "string"}
        },
        "additionalProperties": false
      },
      "TokenRequest": {
        "type": "object",
        "required": ["grant_type"],
        "properties": {
          "grant_type": {"type": "string", "const": "client_credentials"},
          "client_id": {"$ref": "#/components/schemas/GUID"},
          "client_secret": {"type": "string", "format": "password"},
          "scope": {"type": "string", "description": "An audience with `/.default`."},
          "resource": {"type": "string", "description": "An audience, in the older form."}
        }
      },
      "Token": {
        "type": "object",
        "required": ["token_type", "expires_in", "ext_expires_in", "expires_on", "access_token"],
        "properties": {
          "token_type": {"const": "Bearer"},
          "expires_in": {"type": "integer"},
          "ext_expires_in": {"type": "integer"},
          "expires_on": {"$ref": "#/components/schemas/Time"},
          "resource": {"type": "string"},
          "access_token": {"type": "string", "description": "A JWT, RS256."}
        },
        "additionalProperties": false
      },
      "TokenError": {
        "type": "object",
        "description": "RFC 6749 section 5.2.",
        "required": ["error", "error_description"],
        "properties": {
          "error": {
            "type": "string",
            "enum": [
              "invalid_client", "invalid_request", "unsupported_grant_type", "invalid_scope", "slow_down",
              "temporarily_unavailable"
            ]
          },
          "error_description": {"type": "string"}
        },
        "additionalProperties": false
      },
      "Discovery": {
        "type": "object",
        "description": "OpenID Connect Discovery 1.0 section 3.",
        "required": [
          "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "token_endpoint_auth_methods_supported",
          "grant_types_supported", "response_types_supported", "subject_types_supported",
          "id_token_signing_alg_values_supported", "claims_supported"
        ],
        "properties": {
          "issuer": {"type": "string", "pattern": "^https://"},
          "authorization_endpoint": {"type": "string", "pattern": "^https://"},
          "token_endpoint": {"type": "string", "pattern": "^https://"},
          "jwks_uri": {"type": "string", "pattern": "^https://"},
          "token_endpoint_auth_methods_supported": {"type": "array", "items": {"type": "string"}},
          "grant_types_supported": {"type": "array", "items": {"type": "string"}},
          "response_types_supported": {"type": "array", "items": {"type": "string"}},
          "subject_types_supported": {"type": "array", "items": {"type": "string"}},
          "id_token_signing_alg_values_supported": {"type": "array", "items": {"type": "string"}},
          "claims_supported": {"type": "array", "items": {"type": "string"}}
        },
        "additionalProperties": false
      },
      "TokenKeys": {
        "type": "object",
        "description": "RFC 7517.",
        "required": ["keys"],
        "properties": {
          "keys": {
            "type": "array",
            "minItems": 1,
            "items": {
              "type": "object",
              "required": ["kty", "use", "kid", "alg", "n", "e"],
              "properties": {
                "kty": {"const": "RSA"},
                "use": {"const": "sig"},
                "kid": {"type": "string"},
                "alg": {"const": "RS256"},
                "n": {"$ref": "#/components/schemas/Bytes"},
                "e": {"$ref": "#/components/schemas/Bytes"}
              },
              "additionalProperties": false
            }
          }
        },
        "additionalProperties": false
      },
      "Health": {
        "type": "object",
        "required": [
          "node", "role", "seal", "phase", "term", "commitIndex", "appliedIndex", "lastIndex", "lastTerm", "epoch",
          "lease", "disk"
        ],
        "properties": {
          "node": {"type": "string"},
          "role": {"type": "string", "enum": ["leader", "follower", "candidate", "preCandidate", "learner"]},
          "seal": {"type": "string", "enum": ["sealed", "unsealed"]},
          "phase": {"type": "string", "enum": ["uninitialized", "provisioned", "activating", "recovering", "activated"]},
          "term": {"type": "integer", "format": "int64", "minimum": 0},
          "leader": {"type": "string", "description": "Absent while the node knows none."},
          "commitIndex": {"type": "integer", "format": "int64", "minimum": 0},
          "appliedIndex": {"type": "integer", "format": "int64", "minimum": 0},
          "lastIndex": {"type": "integer", "format": "int64", "minimum": 0, "description": "The end of the node's log."},
          "lastTerm": {"type": "integer", "format": "int64", "minimum": 0, "description": "The term of the last entry."},
          "epoch": {"type": "integer", "format": "int64", "minimum": 1, "description": "Raised by each recovery."},
          "lease": {"type": "boolean", "description": "Whether the node may answer reads by itself now."},
          "disk": {
            "type": "string", "enum": ["writable", "full"],
            "description": "A node that waits for room on its disk takes part in nothing meanwhile."
          },
          "waitsBecause": {"type": "string", "description": "Why its peers don't unseal this sealed node."},
          "unsealCode": {
            "type": "string", "pattern": "^[0-9]{8}$", "description": "By which an administrator approves it."
          }
        },
        "additionalProperties": false
      },
      "Status": {
        "type": "object",
        "required": [
          "pool", "identityKeySha256", "answeredBy", "version", "phase", "poolVersion", "appliedIndex", "keys",
          "members", "auditHeads"
        ],
        "properties": {
          "developmentKeys": {
            "type": "array", "items": {"type": "string"},
            "description": "Names of keys in files that open this pool and that nothing protects; only where there are."
          },
          "pool": {"type": "string"},
          "identityKeySha256": {
            "type": "string",
            "description": "What readers of attestations pin.",
            "pattern": "^[0-9a-f]{64}$"
          },
          "answeredBy": {"type": "string"},
          "version": {"type": "string"},
          "phase": {"type": "string", "enum": ["provisioned", "activating", "activated"]},
          "poolVersion": {"type": "integer", "description": "Which commands the log may hold.", "minimum": 1},
          "appliedIndex": {"type": "integer", "format": "int64", "minimum": 0},
          "keys": {"type": "integer", "format": "int64", "minimum": 0},
          "newestBackup": {
            "type": ["integer", "null"],
            "description": "When the newest good backup was begun; only where there is a schedule of backups."
          },
          "backupIsOverdue": {"type": "boolean", "description": "Whether that is too long ago for the schedule."},
          "members": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["id", "name", "endpoint", "role", "seal", "appliedIndex"],
              "properties": {
                "id": {"type": "integer", "format": "int64", "minimum": 0},
                "name": {"type": "string"},
                "endpoint": {"type": "string"},
                "role": {"type": "string"},
                "seal": {"type": "string", "enum": ["sealed", "unsealed", "unknown"]},
                "appliedIndex": {"type": "integer", "format": "int64", "minimum": 0},
                "version": {"type": "string"},
                "knowsPoolVersion": {"type": "integer", "minimum": 1},
                "silentForMilliseconds": {"type": "integer", "format": "int64", "minimum": 0}
              },
              "additionalProperties": false
            }
          },
          "auditHeads": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["node", "sequence", "head", "time"],
              "properties": {
                "node": {"type": ["string", "integer"]},
                "sequence": {"type": "integer", "format": "int64", "minimum": 0},
                "head": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "time": {"type": "integer", "format": "int64", "minimum": 0}
              },
              "additionalProperties": false
            }
          }
        },
        "additionalProperties": false
      },
      "Principal": {
        "type": "object",
        "required": ["objectId", "displayName", "kind", "enabled", "created"],
        "properties": {
          "objectId": {"$ref": "#/components/schemas/GUID"},
          "clientId": {"$ref": "#/components/schemas/GUID"},
          "displayName": {"type": "string"},
          "kind": {"type": "string", "enum": ["user", "group", "servicePrincipal"]},
          "enabled": {"type": "boolean"},
          "created": {"$ref": "#/components/schemas/Time"}
        },
        "additionalProperties": false
      },
      "Principals": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/components/schemas/Principal"}}},
        "additionalProperties": false
      },
      "NewPrincipal": {
        "type": "object",
        "required": ["objectId", "displayName", "kind", "enabled", "created", "clientId", "clientSecret"],
        "properties": {
          "objectId": {"$ref": "#/components/schemas/GUID"},
          "clientId": {"$ref": "#/components/schemas/GUID"},
          "displayName": {"type": "string"},
          "kind": {"type": "string", "enum": ["user", "group", "servicePrincipal"]},
          "enabled": {"type": "boolean"},
          "created": {"$ref": "#/components/schemas/Time"},
          "clientSecret": {"type": "string", "description": "Shown this once: the pool keeps only its hash."}
        },
        "additionalProperties": false
      },
      "PrincipalCreation": {
        "type": "object",
        "required": ["displayName"],
        "properties": {
          "displayName": {
            "type": "string",
            "description": "1 to 256 bytes of UTF-8.",
            "minLength": 1,
            "maxLength": 64
          }
        }
      },
      "PrincipalUpdate": {"type": "object", "required": ["enabled"], "properties": {"enabled": {"type": "boolean"}}},
      "Nodes": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}},
        "additionalProperties": false
      },
      "Node": {
        "type": "object",
        "required": ["id", "name", "state"],
        "properties": {
          "id": {"type": "integer", "minimum": 1},
          "name": {"type": "string"},
          "state": {
            "type": "string",
            "enum": ["invited", "joining", "learner", "voter", "leaving", "distrusted", "removed"]
          },
          "replaces": {"type": "integer", "minimum": 1},
          "expires": {"type": "integer", "description": "Of an invitation: Unix time."},
          "endpoint": {"type": "string"},
          "peerAddress": {"type": "string"},
          "keySha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
          "lastSign": {"type": "integer", "description": "Of life, in the log: Unix time."},
          "holdsTicket": {
            "type": "boolean", "description": "Whether the pool knows that the node's latest ticket is on its disk."
          },
          "role": {"type": "string"},
          "seal": {"type": "string", "enum": ["sealed", "unsealed", "unknown"]},
          "appliedIndex": {"type": "integer"},
          "silentForMilliseconds": {"type": "integer"}
        },
        "additionalProperties": false
      },
      "NodeNumber": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer", "minimum": 1}},
        "additionalProperties": false
      },
      "NodeState": {
        "type": "object",
        "required": ["id", "state"],
        "properties": {
          "id": {"type": "integer", "minimum": 1},
          "state": {"type": "string", "enum": ["joining", "learner", "voter", "leaving", "distrusted", "removed"]}
        },
        "additionalProperties": false
      },
      "NodeInvitation": {
        "type": "object",
        "required": ["name"],
        "properties": {
          "name": {"type": "string", "pattern": "^[a-z0-9-]{1,63}$"},
          "publicKeySha256": {
            "type": "string",
            "description": "SHA-256, in base64url, of the only key that may join: its DER SubjectPublicKeyInfo.",
            "pattern": "^[A-Za-z0-9_-]{43}$"
          }
        }
      },
      "NodeTicket": {
        "type": "object",
        "required": ["pool", "poolId", "id", "name", "expires", "endpoints", "ticket"],
        "properties": {
          "pool": {"type": "string"},
          "poolId": {"type": "string"},
          "id": {"type": "integer", "minimum": 1},
          "name": {"type": "string"},
          "replaces": {"type": "integer", "minimum": 1},
          "expires": {"type": "integer", "description": "Unix time."},
          "endpoints": {"type": "array", "items": {"type": "string"}},
          "ticket": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
        },
        "additionalProperties": false
      },
      "NodeJoin": {
        "type": "object",
        "required": ["ticket", "publicKey", "endpoint", "peerAddress"],
        "properties": {
          "ticket": {"type": "string", "description": "base64url"},
          "publicKey": {"type": "string", "description": "DER SubjectPublicKeyInfo in base64url"},
          "endpoint": {"type": "string", "description": "https://host:port"},
          "peerAddress": {"type": "string", "description": "host:port"},
          "knowsPoolVersion": {
            "type": "integer",
            "description": "The highest version of a pool that the node's program knows; 1 if it isn't given.",
            "minimum": 1
          }
        }
      },
      "NodeAdmission": {
        "type": "object",
        "required": ["epoch", "members"],
        "properties": {
          "epoch": {"type": "integer", "minimum": 1},
          "members": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["id", "name", "endpoint", "peerAddress", "publicKey"],
              "properties": {
                "id": {"type": "integer", "minimum": 1},
                "name": {"type": "string"},
                "endpoint": {"type": "string"},
                "peerAddress": {"type": "string"},
                "publicKey": {"type": "string"}
              },
              "additionalProperties": false
            }
          }
        },
        "additionalProperties": false
      },
      "Sealed": {
        "type": "object",
        "required": ["seal"],
        "properties": {"seal": {"type": "string", "enum": ["sealed"]}},
        "additionalProperties": false
      },
      "SealRequest": {
        "type": "object",
        "properties": {"last": {"type": "boolean", "description": "The last unsealed node, too."}}
      },
      "PeerUnsealMode": {
        "type": "string", "enum": ["automatic", "attended", "off"],
        "description": "Without a person where all is in order; after an administrator's approval; never."
      },
      "MaxAbsence": {
        "type": "integer", "minimum": 10, "maximum": 2592000,
        "description": "How long, in seconds, a node may be away and still be unsealed without a person."
      },
      "PeerUnsealGiven": {
        "type": "object",
        "properties": {
          "mode": {"$ref": "#/components/schemas/PeerUnsealMode"},
          "maxAbsenceSeconds": {"$ref": "#/components/schemas/MaxAbsence"}
        }
      },
      "PeerUnseal": {
        "type": "object",
        "required": ["mode", "maxAbsenceSeconds"],
        "properties": {
          "mode": {"$ref": "#/components/schemas/PeerUnsealMode"},
          "maxAbsenceSeconds": {"$ref": "#/components/schemas/MaxAbsence"},
          "order": {"$ref": "#/components/schemas/PeerUnsealOrder"}
        },
        "additionalProperties": false
      },
      "PeerUnsealOrder": {
        "type": "object",
        "description": "Looser settings that wait for the officers' approval. What they sign is bound to all of it.",
        "required": [
          "id", "mode", "maxAbsenceSeconds", "expires", "poolId", "securityDomainId", "generation", "epoch", "officers",
          "approvalsRequired", "approvals"
        ],
        "properties": {
          "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "mode": {"$ref": "#/components/schemas/PeerUnsealMode"},
          "maxAbsenceSeconds": {"$ref": "#/components/schemas/MaxAbsence"},
          "expires": {"$ref": "#/components/schemas/Time"},
          "poolId": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "securityDomainId": {"type": "string", "pattern": "^[0-9a-f]+$"},
          "generation": {"type": "integer", "minimum": 0},
          "epoch": {"type": "integer", "minimum": 1},
          "officers": {
            "type": "array", "items": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "description": "SHA-256 of the certificates of those in office, in order."
          },
          "approvalsRequired": {"type": "integer", "minimum": 1},
          "approvals": {
            "type": "array", "items": {"type": "integer", "minimum": 1}, "description": "Places of officers."
          }
        },
        "additionalProperties": false
      },
      "UnsealCode": {
        "type": "object",
        "required": ["code"],
        "properties": {
          "code": {"type": "string", "pattern": "^[0-9]{8}$", "description": "What the sealed node shows."}
        }
      },
      "KeyEncryption": {
        "type": "object",
        "required": ["current", "underWay"],
        "properties": {
          "current": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The key that seals."},
          "underWay": {"type": "boolean", "description": "Whether stored keys are being sealed anew."},
          "former": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The key that still opens."},
          "began": {"$ref": "#/components/schemas/Time"},
          "ended": {"$ref": "#/components/schemas/Time"},
          "rewrapped": {"type": "integer", "minimum": 0, "description": "Records that were sealed anew."}
        },
        "additionalProperties": false
      },
      "RootChange": {
        "type": "object",
        "required": [
          "id", "stage", "generation", "expires", "poolId", "securityDomainId", "epoch", "officers",
          "approvalsRequired", "approvals", "required", "nextOfficers", "confirmations", "commitments", "holders",
          "unsealKeys"
        ],
        "properties": {
          "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "stage": {"type": "string", "enum": ["proposed", "prepared", "committed"]},
          "generation": {"type": "integer", "minimum": 0, "description": "Of the root in force when it began."},
          "expires": {"description": "Until when it can be approved and prepared.", "$ref": "#/components/schemas/Time"},
          "poolId": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "securityDomainId": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "epoch": {"type": "integer", "minimum": 1},
          "officers": {
            "type": "array",
            "description": "Of those who were in office when it began: SHA-256 of each certificate.",
            "items": {"type": "string", "pattern": "^[0-9a-f]{64}$"}
          },
          "approvalsRequired": {"type": "integer", "minimum": 1},
          "approvals": {"type": "array", "items": {"type": "integer", "minimum": 1}},
          "required": {"type": "integer", "minimum": 1, "description": "The next officers' quorum."},
          "nextOfficers": {
            "type": "array", "description": "Certificates, DER.", "items": {"$ref": "#/components/schemas/Bytes"}
          },
          "confirmations": {"type": "array", "items": {"type": "integer", "minimum": 1}},
          "commitments": {
            "type": "array",
            "description": "To the shares of the next officers, once it is prepared.",
            "items": {"$ref": "#/components/schemas/Bytes"}
          },
          "holders": {
            "type": "array",
            "description": "Ids of nodes that have followed, once it is committed.",
            "items": {"type": "integer", "minimum": 1}
          },
          "unsealKeys": {
            "type": "array",
            "description": "Keys on tokens that open the next root beside the officers.",
            "items": {"$ref": "#/components/schemas/UnsealKey"}
          }
        },
        "additionalProperties": false
      },
      "AutoUnseal": {
        "type": "object",
        "required": ["node", "enrolled"],
        "properties": {
          "node": {"type": "string"},
          "key": {"description": "Of this node's token, where it answers.", "$ref": "#/components/schemas/UnsealKey"},
          "isEnrolled": {"type": "boolean", "description": "Whether that key opens the pool."},
          "problem": {"type": "string", "description": "Why this node's token can't be used, and what to do."},
          "enrolled": {"type": "array", "items": {"$ref": "#/components/schemas/UnsealKey"}}
        },
        "additionalProperties": false
      },
      "UnsealKey": {
        "type": "object",
        "required": ["provider", "name", "point", "sha256"],
        "properties": {
          "provider": {"type": "string", "enum": ["pkcs11", "development-file"]},
          "name": {"type": "string", "minLength": 1, "description": "For people."},
          "point": {"description": "An uncompressed point of P-256.", "$ref": "#/components/schemas/Bytes"},
          "sha256": {"type": "string", "description": "Of the point.", "pattern": "^[0-9a-f]{64}$"}
        },
        "additionalProperties": false
      },
      "RootChangeRequest": {
        "type": "object",
        "description": "Officers as in a download, keys of tokens, or both.",
        "properties": {
          "certificates": {
            "type": "array",
            "minItems": 3,
            "maxItems": 10,
            "description": "One for each officer.",
            "items": {
              "type": "object",
              "required": ["x5c"],
              "properties": {
                "x5c": {
                  "type": "array",
                  "minItems": 1,
                  "items": {
                    "type": "string",
                    "description": "The certificate, DER in base64 with padding: RSA of 2048, 3072 or 4096 bits."
                  }
                }
              }
            }
          },
          "required": {
            "type": "integer",
            "minimum": 2,
            "maximum": 10,
            "description": "How many officers are needed to open the domain; the quorum in office, if it isn't given."
          },
          "unsealKeys": {
            "type": "array",
            "maxItems": 8,
            "items": {
              "type": "object",
              "required": ["provider", "name", "point"],
              "properties": {
                "provider": {"type": "string", "enum": ["pkcs11", "development-file"]},
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 128,
                  "description": "For people; without control and format characters."
                },
                "point": {"description": "An uncompressed point of P-256.", "$ref": "#/components/schemas/BytesGiven"}
              }
            }
          }
        }
      },
      "RootChangeFile": {
        "type": "object",
        "required": ["id", "value"],
        "properties": {
          "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
          "value": {"type": "string", "description": "The security domain file, JSON as text."}
        },
        "additionalProperties": false
      },
      "RootChangeName": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
        "additionalProperties": false
      },
      "RootVote": {
        "type": "object",
        "required": ["officer", "signature"],
        "properties": {
          "officer": {"type": "integer", "minimum": 1, "maximum": 255, "description": "The officer's place."},
          "signature": {"description": "RSA-PSS with SHA-256.", "$ref": "#/components/schemas/BytesGiven"}
        }
      },
      "RestorationProgress": {
        "type": "object",
        "required": ["officers", "required", "restored"],
        "properties": {
          "officers": {"type": "integer", "minimum": 1},
          "required": {"type": "integer", "minimum": 1},
          "restored": {"type": "boolean"}
        },
        "additionalProperties": false
      },
      "RestorationShare": {
        "type": "object",
        "required": ["envelope", "certificate"],
        "properties": {
          "envelope": {
            "description": "An officer's share, encrypted to the key of the invitation.",
            "$ref": "#/components/schemas/Bytes"
          },
          "certificate": {"$ref": "#/components/schemas/BytesGiven"}
        }
      },
      "SecurityDomainOutline": {
        "type": "object",
        "required": ["EncData", "certificates", "required"],
        "properties": {
          "EncData": {"type": "object", "description": "As in the officers' file."},
          "certificates": {
            "type": "array",
            "minItems": 3,
            "maxItems": 10,
            "items": {"type": "string", "description": "SHA-256 of an officer's certificate, in order of the shares."}
          },
          "required": {"type": "integer", "minimum": 2, "maximum": 10}
        }
      },
      "RecoveryProgress": {
        "type": "object",
        "required": ["officers", "required", "recovered"],
        "properties": {
          "officers": {"type": "integer", "minimum": 1},
          "required": {"type": "integer", "minimum": 1},
          "recovered": {"type": "boolean"}
        },
        "additionalProperties": false
      },
      "UnsealInvitation": {
        "type": "object",
        "required": ["invitation"],
        "properties": {
          "invitation": {"description": "What `hsmctl unseal` reads.", "$ref": "#/components/schemas/Bytes"},
          "otherInvitation": {
            "description": "While the root is being changed: for the officers of the other root.",
            "$ref": "#/components/schemas/Bytes"
          }
        },
        "additionalProperties": false
      },
      "UnsealShare": {
        "type": "object",
        "required": ["envelope"],
        "properties": {
          "envelope": {
            "description": "An officer's share, encrypted to the key of the invitation.",
            "$ref": "#/components/schemas/Bytes"
          }
        }
      },
      "UnsealProgress": {
        "type": "object",
        "required": ["officers", "required", "unsealed"],
        "properties": {
          "officers": {"type": "integer", "minimum": 0},
          "required": {"type": "integer", "minimum": 1},
          "unsealed": {"type": "boolean"}
        },
        "additionalProperties": false
      },
      "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
          "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
              "code": {"type": "string"},
              "message": {
                "type": "string",
                "description": "For people; ends in the id of the request.",
                "pattern": " \\(Activity ID: [0-9a-f-]{36}\\)$"
              },
              "innererror": {
                "type": "object",
                "required": ["code"],
                "properties": {"code": {"type": "string"}},
                "additionalProperties": false
              }
            },
            "additionalProperties": false
          }
        },
        "additionalProperties": false
      },
      "TransportError": {
        "type": "object",
        "description": "From the HTTP layer, before there is a request with an id.",
        "required": ["error"],
        "properties": {
          "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            "additionalProperties": false
          }
        },
        "additionalProperties": false
      },
      "Cloud": {
        "type": "object",
        "required": ["name", "authentication", "resourceManager", "microsoftGraphResourceId", "suffixes"],
        "properties": {
          "name": {"type": "string"},
          "authentication": {
            "type": "object",
            "required": ["loginEndpoint", "audiences", "tenant", "identityProvider"],
            "properties": {
              "loginEndpoint": {"type": "string", "pattern": "^https://"},
              "audiences": {"type": "array", "items": {"type": "string", "pattern": "^https://"}, "minItems": 1},
              "tenant": {"type": "string"},
              "identityProvider": {"type": "string"}
            },
            "additionalProperties": false
          },
          "resourceManager": {"type": "string", "pattern": "^https://"},
          "microsoftGraphResourceId": {"type": "string", "pattern": "^https://"},
          "suffixes": {
            "type": "object",
            "required": ["mhsmDns", "keyVaultDns", "storage"],
            "properties": {
              "mhsmDns": {"type": "string"},
              "keyVaultDns": {"type": "string"},
              "storage": {"type": "string"}
            },
            "additionalProperties": false
          }
        },
        "additionalProperties": false
      },
      "Clouds": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Cloud"}},
      "Tenant": {
        "type": "object",
        "required": ["id", "tenantId", "displayName", "tenantCategory"],
        "properties": {
          "id": {"type": "string"},
          "tenantId": {"$ref": "#/components/schemas/GUID"},
          "displayName": {"type": "string"},
          "tenantCategory": {"const": "Home"}
        },
        "additionalProperties": false
      },
      "Tenants": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/components/schemas/Tenant"}}},
        "additionalProperties": false
      },
      "Subscription": {
        "type": "object",
        "required": ["id", "subscriptionId", "tenantId", "displayName", "state", "authorizationSource"],
        "properties": {
          "id": {"type": "string"},
          "subscriptionId": {"$ref": "#/components/schemas/GUID"},
          "tenantId": {"$ref": "#/components/schemas/GUID"},
          "displayName": {"type": "string"},
          "state": {"const": "Enabled"},
          "authorizationSource": {"const": "RoleBased"}
        },
        "additionalProperties": false
      },
      "Subscriptions": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/components/schemas/Subscription"}}},
        "additionalProperties": false
      },
      "PoolResource": {
        "type": "object",
        "required": ["id", "name", "type", "location", "tags", "properties"],
        "properties": {
          "id": {"type": "string"},
          "name": {"type": "string"},
          "type": {"const": "Microsoft.KeyVault/managedHSMs"},
          "location": {"type": "string"},
          "tags": {"type": "object", "maxProperties": 0},
          "properties": {
            "type": "object",
            "required": [
              "tenantId",
              "hsmUri",
              "enableSoftDelete",
              "softDeleteRetentionInDays",
              "enablePurgeProtection",
              "provisioningState",
              "statusMessage"
            ],
            "properties": {
              "tenantId": {"$ref": "#/components/schemas/GUID"},
              "hsmUri": {"type": "string", "pattern": "^https://"},
              "enableSoftDelete": {"const": true},
              "softDeleteRetentionInDays": {"type": "integer", "minimum": 7, "maximum": 90},
              "enablePurgeProtection": {"type": "boolean"},
              "provisioningState": {"const": "Succeeded"},
              "statusMessage": {"type": "string"}
            },
            "additionalProperties": false
          }
        },
        "additionalProperties": false
      },
      "PoolResources": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/components/schemas/PoolResource"}}},
        "additionalProperties": false
      },
      "DirectoryRequest": {
        "type": "object",
        "required": ["ids"],
        "properties": {
          "ids": {"type": "array", "maxItems": 1000, "items": {"$ref": "#/components/schemas/GUID"}},
          "types": {"type": "array", "description": "Ignored.", "items": {"type": "string"}}
        }
      },
      "DirectoryObject": {
        "type": "object",
        "required": ["@odata.type", "id", "displayName"],
        "properties": {
          "@odata.type": {
            "enum": ["#microsoft.graph.user", "#microsoft.graph.group", "#microsoft.graph.servicePrincipal"]
          },
          "id": {"$ref": "#/components/schemas/GUID"},
          "displayName": {"type": "string"},
          "appId": {"$ref": "#/components/schemas/GUID"},
          "servicePrincipalNames": {"type": "array", "items": {"$ref": "#/components/schemas/GUID"}},
          "accountEnabled": {"type": "boolean"}
        },
        "additionalProperties": false
      },
      "DirectoryObjects": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": {"$ref": "#/components/schemas/DirectoryObject"}}},
        "additionalProperties": false
      },
      "TransferKey": {
        "type": "object",
        "required": ["key_format", "transfer_key"],
        "properties": {
          "key_format": {"const": "jwk"},
          "transfer_key": {
            "type": "string",
            "description": "A JSON Web Key as text. Clients read `x5c`, the certificate that the master key is encrypted for."
          }
        },
        "additionalProperties": false
      },
      "SecurityDomainUpload": {
        "type": "object",
        "required": ["value"],
        "properties": {
          "value": {"type": "string", "description": "The restore blob that an officers' client makes, as text."}
        }
      },
      "RestoringStatus": {
        "type": "object",
        "required": ["status", "status_details"],
        "properties": {"status": {"enum": ["InProgress", "Success", "Failed"]}, "status_details": {"type": "string"}},
        "additionalProperties": false
      }
    }
  }
}

"""##
}
