"""The measurements of `deploy/measure`: one idea a file, standard library only."""
