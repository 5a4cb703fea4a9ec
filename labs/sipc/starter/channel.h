/*
 * channel.h: what the three programs have in common.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stddef.h>
#include <sys/ipc.h>
#include <sys/types.h>

#include "sipc.h"

/* The exit codes. */
enum { TROUBLE = 1, REMOVED = 3, VIOLATION = 4 };

/* Says what could not be done, with the text of errno, and ends the program:
 * with REMOVED if errno says that the channel has been removed, else with
 * TROUBLE. */
_Noreturn void fail(const char *what);

/* The key of one of the channel's objects; letter is SIPC_QUEUE or
 * SIPC_SEGMENT. Ends the program if there is none. */
key_t key_of(const char *path, int letter);

/* Puts a message into the queue, waiting as long as it is full. flags may be
 * IPC_NOWAIT: then -1 is returned where it would have waited. Otherwise it
 * returns 0, or ends the program. */
int put(int queue, const struct sipc_message *message, int flags);

/* Takes the next message out of the queue, waiting for one. Returns the size
 * of what came, or -1 if it was too long; otherwise it ends the program. */
ssize_t take(int queue, struct sipc_message *message);

/* Sleeps. A signal does not shorten it. */
void pause_ms(long ms);

/* Nanoseconds of a clock that is never set. */
long long now(void);

/* From now on SIGUSR1 has the program say on stderr how many messages of the
 * queue it has put or taken. */
void report_on_usr1(const char *program);

#endif
