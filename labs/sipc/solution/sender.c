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

enum { LATE_MS = 50 }; /* half of what a receiver that tells waits */

static int queue;
static volatile struct sipc_header *header;
static volatile uint8_t *slot;
static size_t slot_size;
static uint64_t sequence; /* of the next DATA */
static long tick_ms;      /* 0: put at once, and wait */

/* Puts at a tick, or lets the tick pass. Ticks are counted from one beginning:
 * a sleep from one send to the next would shift them by the time that the
 * receiver took, and so keep what they are there to drop. */
static void put_at_tick(const struct sipc_message *message)
{
	static long long next;
	long long length = tick_ms * 1000000LL;
	if (next == 0)
		next = now();
	for (;;) {
		long long late = now() - next;
		if (late >= 0)
			next += (late / length + 1) * length;
		struct timespec at = { .tv_sec = next / 1000000000, .tv_nsec = next % 1000000000 };
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
			;
		if (put(queue, message, IPC_NOWAIT) == 0)
			return;
	}
}

static void send_type(long type, uint64_t number, uint32_t length, uint32_t flags)
{
	struct sipc_message message = { .type = type, .sequence = number, .length = length, .flags = flags };
	if (tick_ms > 0)
		put_at_tick(&message);
	else
		put(queue, &message, 0);
}

/* Sends what lies in the slot. When the third send returns, the receiver has
 * taken NOOP-1, and it does so only after it has read: the slot is free. */
static void send_chunk(uint32_t length, uint32_t flags)
{
	uint64_t number = sequence++;
	header->next = sequence;
	send_type(SIPC_DATA, number, length, flags);
	send_type(SIPC_NOOP1, number, 0, 0);
	send_type(SIPC_NOOP2, number, 0, 0);
}

/* A message of no bytes is one chunk of length 0. */
static void send_message(const char *text, size_t length)
{
	uint32_t flags = SIPC_FIRST;
	do {
		size_t part = length < slot_size ? length : slot_size;
		memcpy((void *)slot, text, part);
		text += part;
		length -= part;
		if (length == 0)
			flags |= SIPC_LAST;
		send_chunk((uint32_t)part, flags);
		flags = 0;
	} while (length > 0);
}

/* Opens what the helper has made, and makes nothing. */
static void open_channel(const char *path)
{
	queue = msgget(key_of(path, SIPC_QUEUE), 0);
	int segment = shmget(key_of(path, SIPC_SEGMENT), 0, 0);
	if (queue < 0 || segment < 0) {
		fprintf(stderr, "sender: no channel at %s: %s\n", path, strerror(errno));
		exit(TROUBLE);
	}
	void *memory = shmat(segment, NULL, 0);
	if (memory == (void *)-1)
		fail("attach the segment");
	header = memory;
	slot = (uint8_t *)memory + SIPC_HEADER_SIZE;
	slot_size = header->slot_size; /* the helper's word; the receiver cannot write here */
}

/* If a sender was here before, what it sent may still lie in the queue or be
 * in use. The queue holds one message: when NOOP-1 is in, BEGIN was taken. */
static void begin(void)
{
	if (header->sessions++ == 0)
		return;
	sequence = header->next;
	send_type(SIPC_BEGIN, sequence, 0, 0);
	send_type(SIPC_NOOP1, 0, 0, 0);
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

/* When the send of NOOP-1 returns, DATA was taken: so the time that it waited
 * is the time that the receiver let DATA lie. */
static void listen_for(long bits)
{
	for (; bits > 0; bits--) {
		long long begun = now();
		send_message("", 0);
		putchar(now() - begun > LATE_MS * 1000000LL ? '1' : '0');
	}
	putchar('\n');
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
