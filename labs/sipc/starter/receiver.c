/*
 * receiver [-tell BITS] PATH: prints each message that comes over the channel
 * of the key path PATH as a line, until the sender has finished.
 *
 *   -tell BITS   leaks a row of 0 and 1 to the sender: with the first message
 *                the first bit, and so on
 *
 * Exit codes: 0 the sender has finished, 1 trouble, 3 the channel has been
 * removed, 4 the sender broke the protocol.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <unistd.h>

#include "channel.h"

static const char *bits = ""; /* what is left to be told */

static const volatile uint8_t *slot;
static uint64_t slot_size;

/* Whoever lies once is not believed again. */
static _Noreturn void refuse(const char *why)
{
	fprintf(stderr, "receiver: the sender broke the protocol: %s\n", why);
	exit(VIOLATION);
}

/* Opens what the helper has made, for reading only, and returns the queue. */
static int open_channel(const char *path)
{
	/* TODO step 2: find both objects, attach the segment, and set slot and
	 * slot_size.
	 * TODO step 3: believe nothing of the header. */
	(void)slot;
	(void)slot_size;
	errno = ENOSYS;
	fprintf(stderr, "receiver: no channel at %s: %s\n", path, strerror(errno));
	exit(TROUBLE);
}

/* Handles one message from the queue. Says whether it was the last. */
static int handle(const struct sipc_message *m)
{
	switch (m->type) {
	case SIPC_DATA:
		/* TODO step 2: print what lies in the slot.
		 * TODO step 3: hold it against the protocol first; put chunks together.
		 * TODO step 5: tell a bit. */
		(void)bits;
		return 0;
	}
	/* TODO step 3: the other types. */
	return m->type == SIPC_END;
}

int main(int argc, char **argv)
{
	struct sipc_message message;
	if (argc == 4 && strcmp(argv[1], "-tell") == 0) {
		bits = argv[2];
	} else if (argc != 2) {
		fprintf(stderr, "usage: receiver [-tell BITS] PATH\n");
		return TROUBLE;
	}
	report_on_usr1("receiver");
	int queue = open_channel(argv[argc - 1]);
	do {
		if (take(queue, &message) != SIPC_BODY_SIZE)
			refuse("a message of another size");
	} while (!handle(&message));
	return 0;
}
