/* SPDX-License-Identifier: Apache-2.0
 *
 * Rosters on disk. From the site's secret key and the salt of the file come the keys of the hashes and of the code that
 * seals the file (HMAC-SHA-256), so a file without its key tells nothing, a wrong key is known as such, and a byte that was
 * changed is noticed. What was checked is what is used: the file is read into memory that nobody can write to.
 */
#ifndef ROSTER_STORE_H
#define ROSTER_STORE_H

#include <stddef.h>

#include "../../detectors/roster.h"

struct roster_secret {
    unsigned char key[32];
};

/* 64 hex digits, as roster_secret_new writes them into a file of mode 0600 that was not there. 0, or -1 with the reason in
 * err. */
int roster_secret_read(const char *path, struct roster_secret *out, char *err, size_t err_size);
int roster_secret_parse(const char *hex, size_t len, struct roster_secret *out); /* -1: no 64 hex digits */
int roster_secret_new(const char *path, char *err, size_t err_size);

/* Fresh random salt, the keys that go with it, and the check by which the key is known. -1: no random numbers. */
int roster_salt(const struct roster_secret *secret, unsigned char salt[ROSTER_SALT], unsigned char check[ROSTER_CHECK],
                struct roster_keys *keys);
/* Seals the bytes of roster_build and puts them in the place of the file at once, mode 0600 and readable for its group where the
 * old one was. digest: 64 hex digits. */
int roster_save(const char *path, void *data, size_t size, const struct roster_secret *secret, char digest[65], char *err,
                size_t err_size);
/* NULL with the reason in err: unreadable, cut, damaged, or another key. */
struct phi_roster *roster_open(const char *path, const struct roster_secret *secret, char digest[65], char *err, size_t err_size);

#endif
