/* SPDX-License-Identifier: Apache-2.0
 *
 * Signed policies: FILE.sig beside a policy file holds a line for each person who signed its digest,
 *
 *   ed25519 PUBLIC-KEY SIGNATURE          both base64; the signature is over "phigate policy v1\n<id>\n<digest>\n"
 *
 * The digest covers all files that make up the policy, so a change of any of them needs new signatures; but not its
 * rosters, which are renewed often and sealed with a key of their own.
 */
#ifndef POLICY_SIGN_H
#define POLICY_SIGN_H

#include <stdbool.h>
#include <stddef.h>

struct policy;

#define POLICY_KEY_LEN 32
#define POLICY_SIGNERS_MAX 16

struct policy_signers {
    unsigned char key[POLICY_SIGNERS_MAX][POLICY_KEY_LEN];
    size_t n;
};

/* A new pair of keys: the private one as PEM into path (0600, never over a file that is there), the public one into
 * path.pub. -1. */
int policy_key_new(const char *path);
/* A public key (PEM, Ed25519) among the signers; -1 when it is none, is there already or there are too many. */
int policy_signers_add(struct policy_signers *s, const char *pem_path);
/* Adds a line to signature_path with the private key (PEM). -1. */
int policy_sign(const struct policy *p, const char *private_key_path, const char *signature_path);
/* How many of the signers have signed this policy, each once. 0 also when there is no readable file. */
size_t policy_signed_by(const struct policy *p, const struct policy_signers *s, const char *signature_path);

#endif
