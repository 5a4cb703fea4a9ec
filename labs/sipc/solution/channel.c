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

static const char *name = "sipc";
static volatile sig_atomic_t passed; /* messages that were put or taken */
static volatile sig_atomic_t wanted; /* somebody wants to know how many */

/* Called where a system call was interrupted, and after each that was not. */
static void report(void)
{
	if (!wanted)
		return;
	wanted = 0;
	fprintf(stderr, "%s: %ld messages\n", name, (long)passed);
}

void fail(const char *what)
{
	int why = errno;
	fprintf(stderr, "cannot %s: %s\n", what, strerror(why));
	/* EIDRM: it was removed while the call waited. EINVAL: before. */
	exit(why == EIDRM || why == EINVAL ? REMOVED : TROUBLE);
}

key_t key_of(const char *path, int letter)
{
	key_t key = ftok(path, letter);
	if (key == -1) {
		perror(path);
		exit(TROUBLE);
	}
	return key;
}

/* A system call on a queue is never restarted after a signal's handler has
 * run, whatever SA_RESTART says (signal(7)): so each stands in a loop. */

int put(int queue, const struct sipc_message *message, int flags)
{
	for (;;) {
		if (msgsnd(queue, message, SIPC_BODY_SIZE, flags) == 0)
			break;
		if (errno == EAGAIN)
			return -1;
		if (errno != EINTR)
			fail("send");
		report();
	}
	passed++;
	report();
	return 0;
}

ssize_t take(int queue, struct sipc_message *message)
{
	ssize_t got; /* signed: -1 is an error */
	for (;;) {
		got = msgrcv(queue, message, SIPC_BODY_SIZE, 0, 0);
		if (got >= 0)
			break;
		if (errno == E2BIG)
			return -1;
		if (errno != EINTR)
			fail("receive");
		report();
	}
	passed++;
	report();
	return got;
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

static void on_usr1(int signal)
{
	(void)signal;
	wanted = 1;
}

void report_on_usr1(const char *program)
{
	struct sigaction action = { .sa_handler = on_usr1 };
	name = program;
	sigaction(SIGUSR1, &action, NULL);
}
