/*
 * sipc.h: the constants and layouts of the SIPC protocol, strict mode. Given:
 * the README says what they mean.
 *
 * All integers are unsigned and in the byte order of the machine. Offsets and
 * sizes are in bytes.
 */
#ifndef SIPC_H
#define SIPC_H

#include <stdint.h>

/* The keys of a channel are ftok(path, SIPC_QUEUE) and ftok(path, SIPC_SEGMENT). */
enum { SIPC_QUEUE = 'Q', SIPC_SEGMENT = 'S' };

/* The first bytes of the segment: "SIPC", version 1. */
#define SIPC_MAGIC { 'S', 'I', 'P', 'C', 0, 0, 0, 1 }

enum {
	SIPC_HEADER_SIZE = 4096, /* slot 0 lies behind it */
	SIPC_STRICT = 1,         /* the mode of this lab */
	SIPC_SLOT_UNIT = 64,     /* a slot's size is a multiple of it, and not 0 */
	SIPC_BODY_SIZE = 24,     /* of a message in the queue, without its type */
};

/* The beginning of the segment. */
struct sipc_header {
	uint8_t magic[8];
	uint32_t mode;
	uint32_t capacity;    /* messages that the queue holds: 1 in strict mode */
	uint32_t slots;       /* 1 in strict mode */
	uint32_t flags;       /* 1: messages carry checksums; none in this lab */
	uint64_t slot_size;
	uint64_t slot_offset; /* of slot 0: SIPC_HEADER_SIZE */
	uint64_t quantum;     /* for other modes: 0 */
	uint32_t hold;        /* for other modes: 0 */
	uint32_t alive;       /* 0 in this lab */
	uint64_t zero;
	uint64_t sessions;    /* how many senders have begun; the sender writes it */
	uint64_t next;        /* the sequence of the next DATA; the sender writes it */
};

/* The types of messages. */
enum {
	SIPC_DATA = 1, /* a chunk lies in the slot */
	SIPC_NOOP1 = 2,
	SIPC_NOOP2 = 3,
	SIPC_BEGIN = 4, /* another sender begins */
	SIPC_ALIVE = 5, /* not sent in this lab; ignored */
	SIPC_END = 6,   /* the sender has finished */
};

/* The flags of a chunk. */
enum { SIPC_FIRST = 1, SIPC_LAST = 2, SIPC_PACKED = 4 /* not in this lab */ };

/* A message in the queue, as msgsnd(2) and msgrcv(2) want it. */
struct sipc_message {
	long type;
	uint64_t sequence;
	uint32_t length; /* bytes of the slot that count */
	uint32_t flags;
	uint32_t checksum; /* 0 in this lab */
	uint32_t zero;
};

_Static_assert(sizeof(struct sipc_header) == 80, "the header's layout");
_Static_assert(sizeof(struct sipc_message) == sizeof(long) + SIPC_BODY_SIZE, "the message's layout");

#endif
