/* SPDX-License-Identifier: Apache-2.0
 *
 * phigate -c FILE [--share DIR] [--check]
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../policies/engine/diag.h"
#include "../policies/engine/policy.h"
#include "access.h"
#include "config.h"
#include "confine.h"
#include "gateway.h"
#include "memory.h"
#include "settings.h"

static const char usage[] = "usage: phigate -c FILE [--check] [--share DIR]\n"
                            "  -c FILE      the configuration (phi init writes one)\n"
                            "  --check      report mistakes in it and in all it names, then end\n"
                            "  --share DIR  where policies/ and detectors/dictionaries/ lie\n";

struct options {
    const char *file, *share;
    bool check;
};

static int read_options(int argc, char **argv, struct options *o) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--check") == 0)
            o->check = true;
        else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
            o->file = argv[++i];
        else if (strcmp(argv[i], "--share") == 0 && i + 1 < argc)
            o->share = argv[++i];
        else
            return -1;
    }
    return o->file ? 0 : -1;
}

static struct config *load(const struct options *o) {
    char share[PATH_MAX];
    struct diag *d = diag_new();
    struct config *c = NULL;

    if (!config_share(o->share, share, sizeof share))
        fprintf(stderr, "phigate: no policies found; name their place with --share DIR\n");
    else if (d && !(c = config_load(o->file, share, d)))
        diag_print(d, stderr);
    diag_free(d);
    return c;
}

/* Nothing that was running can be compared with at a start. */
static int check_signatures(const struct config *c) {
    const struct policy *p = settings_unsigned(c->settings);

    if (!p) return 0;
    fprintf(stderr, "phigate: the policy %s needs the signatures of two persons of policy_keys at a start; see `phi policy sign`\n",
            policy_id(p));
    return -1;
}

static int report_check(struct config *c) {
    char confinement[256];

    for (const char *const *w = c->warnings; *w; w++)
        printf("warning: %s\n", *w);
    printf("ok: %zu clients; %zu routes, %zu upstreams, policy %s (%s)\n", access_count(c->settings->access), c->settings->n_routes,
           c->settings->n_upstreams, policy_id(c->settings->routes[0].policy),
           policy_claim_name(policy_claim(c->settings->routes[0].policy)));
    confine_describe(c, confinement, sizeof confinement);
    printf("sandbox: %s\n", confinement);
    config_free(c);
    return 0;
}

int main(int argc, char **argv) {
    struct options o = {0};
    struct config *c;

    if (memory_guard_libraries() < 0 || memory_guard_process() < 0) {
        fprintf(stderr, "phigate: the memory guards could not be set\n");
        return 1;
    }
    if (read_options(argc, argv, &o) < 0) {
        fputs(usage, stderr);
        return 2;
    }
    c = load(&o);
    if (!c) return 2;
    if (check_signatures(c) < 0) {
        config_free(c);
        return 2;
    }
    return o.check ? report_check(c) : gateway_serve(c);
}
