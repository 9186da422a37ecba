/* SPDX-License-Identifier: Apache-2.0
 *
 * The running gateway: workers, acceptor, admin listener, audit writer, signals. SIGHUP reloads (the last good settings
 * stay when the new ones have mistakes), SIGTERM and SIGINT drain and end.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

struct config;

/* Takes the configuration. Serves until told to end. Returns the exit code. */
int gateway_serve(struct config *c);

#endif
