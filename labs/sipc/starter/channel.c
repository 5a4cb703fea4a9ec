/*
 * channel.c: what the three programs have in common.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"

void fail(const char *what)
{
	fprintf(stderr, "cannot %s: %s\n", what, strerror(errno));
	/* TODO step 3: end with REMOVED where errno says that the channel has been
	 * taken away. */
	exit(TROUBLE);
}

key_t key_of(const char *path, int letter)
{
	/* TODO step 1: ftok(3). */
	(void)letter;
	fprintf(stderr, "%s: there are no keys yet\n", path);
	exit(TROUBLE);
}

int put(int queue, const struct sipc_message *message, int flags)
{
	/* TODO step 2: msgsnd(2) of SIPC_BODY_SIZE bytes.
	 * TODO step 3: what if a signal interrupts it? */
	(void)queue;
	(void)message;
	(void)flags;
	errno = ENOSYS;
	fail("send");
}

ssize_t take(int queue, struct sipc_message *message)
{
	/* TODO step 2: msgrcv(2) of the next message, whatever its type.
	 * TODO step 3: what if a signal interrupts it, or the message is too long? */
	(void)queue;
	(void)message;
	errno = ENOSYS;
	fail("receive");
}

void pause_ms(long ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void report_on_usr1(const char *program)
{
	/* TODO step 3: a handler that sets a flag, and somebody who looks at it. */
	(void)program;
}
