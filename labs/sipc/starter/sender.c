/*
 * sender [-tick MS] [-listen N] PATH: sends each line of standard input as a
 * message over the channel of the key path PATH, and then says that it has
 * finished.
 *
 *   -tick MS     puts a message into the queue only at ticks of a clock, one
 *                every MS milliseconds, and never waits for room
 *   -listen N    instead of lines: sends N empty messages, and prints a 1 for
 *                each that was taken late and a 0 for each other one
 *
 * Exit codes: 0 all is sent, 1 trouble, 3 the channel has been removed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <time.h>

#include "channel.h"

static int queue;
static volatile struct sipc_header *header;
static volatile uint8_t *slot;
static size_t slot_size;
static uint64_t sequence; /* of the next DATA */
static long tick_ms;      /* 0: put at once, and wait */

/* Sends one message of the queue. */
static void send_type(long type, uint64_t number, uint32_t length, uint32_t flags)
{
	struct sipc_message message = { .type = type, .sequence = number, .length = length, .flags = flags };
	/* TODO step 6: with tick_ms, only at ticks. */
	(void)tick_ms;
	put(queue, &message, 0);
}

/* Sends what lies in the slot. When it returns, the slot is free again. */
static void send_chunk(uint32_t length, uint32_t flags)
{
	/* TODO step 2: say what lies there.
	 * TODO step 3: wait until it was read. */
	(void)length;
	(void)flags;
}

/* Sends one message, in as many chunks as it takes. */
static void send_message(const char *text, size_t length)
{
	/* TODO step 2: one chunk.
	 * TODO step 3: several. */
	(void)text;
	(void)length;
	send_chunk(0, 0);
}

/* Opens what the helper has made, and makes nothing. */
static void open_channel(const char *path)
{
	/* TODO step 2: find both objects, attach the segment, and set queue, header,
	 * slot and slot_size. */
	(void)slot;
	(void)slot_size;
	errno = ENOSYS;
	fprintf(stderr, "sender: no channel at %s: %s\n", path, strerror(errno));
	exit(TROUBLE);
}

/* If a sender was here before, goes on where it has ended. */
static void begin(void)
{
	/* TODO step 3 */
	(void)header;
}

static void send_lines(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	while ((length = getline(&line, &room, stdin)) >= 0) {
		if (length > 0 && line[length - 1] == '\n')
			length--;
		send_message(line, (size_t)length);
	}
	free(line);
}

/* Sends so many empty messages and prints how late each was taken. */
static void listen_for(long bits)
{
	/* TODO step 5 */
	(void)bits;
}

static long number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || n <= 0 || n > 1000000) {
		fprintf(stderr, "sender: %s is no number from 1\n", text);
		exit(TROUBLE);
	}
	return n;
}

int main(int argc, char **argv)
{
	long bits = 0;
	int i = 1;
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "-tick") == 0)
			tick_ms = number(argv[i + 1]);
		else if (strcmp(argv[i], "-listen") == 0)
			bits = number(argv[i + 1]);
		else
			break;
	}
	if (i + 1 != argc) {
		fprintf(stderr, "usage: sender [-tick MS] [-listen N] PATH\n");
		return TROUBLE;
	}
	report_on_usr1("sender");
	open_channel(argv[i]);
	begin();
	if (bits > 0)
		listen_for(bits);
	else
		send_lines();
	send_type(SIPC_END, sequence, 0, 0);
	return 0;
}
