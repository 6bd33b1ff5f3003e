// stamp-client: what this machine can do; the yardstick for the worker.
//
//   cc -O2 -o stamp-client stamp-client.c
//   ./stamp-client PORT STREAMS TOKENS SECONDS FILE      against a running stamp-server
//
// STREAMS connections post again and again, each as soon as its answer is complete, started over a second. It
// does the least that a client can: reads, stamps each read once, looks for the "t" of the server in one event
// of 16, and for the end of the answer. No HTTP, no JSON. Prints one JSON object. One thread, epoll.
//
// FILE gets 24 bytes per request that was sent in the time that is measured, in the byte order of the machine: its
// number, which its body names, when it was sent and when its first read came, nanoseconds of CLOCK_MONOTONIC.
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_EVENTS = 1024, MAX_SAMPLES = 4000000, MAX_REQUESTS = 1000000, LOOK_AT_EVERY = 16 };

typedef struct {
  long long number, sent_ns, first_ns;
} Request;

static Request requests[MAX_REQUESTS];
static long request_n;
static char head_and_body[8192];
static int request_len, number_at;

static long long samples[MAX_SAMPLES];
static long sample_n, chunks;

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double cpu_s(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int ascending(const void *a, const void *b) {
  long long x = *(const long long *)a, y = *(const long long *)b;
  return (x > y) - (x < y);
}

static int open_connection(int port) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (void *)&at, sizeof at)) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static void look_at(char *bytes, long long read_ns) {
  for (char *event = bytes; (event = strstr(event, "data: {")); event++) {
    if (++chunks % LOOK_AT_EVERY) continue;
    char *stamp = strstr(event, "\"t\":");
    if (stamp && sample_n < MAX_SAMPLES) samples[sample_n++] = read_ns - atoll(stamp + 4);
  }
}

// Returns which request it is, or -1 if it could not be sent.
static long post(int fd) {
  if (request_n == MAX_REQUESTS) return -1;
  long number = request_n++;
  char digits[24];
  snprintf(digits, sizeof digits, "%08ld", number);
  memcpy(head_and_body + number_at, digits, 8);
  requests[number] = (Request){number, now_ns(), 0};
  return write(fd, head_and_body, request_len) == request_len ? number : -1;
}

static int write_requests(const char *path, long long from_ns) {
  FILE *file = fopen(path, "wb");
  if (!file) return perror(path), 1;
  for (long i = 0; i < request_n; i++)
    if (requests[i].sent_ns >= from_ns && requests[i].first_ns) fwrite(&requests[i], sizeof *requests, 1, file);
  return fclose(file) ? perror(path), 1 : 0;
}

int main(int argc, char **argv) {
  if (argc != 6) return fprintf(stderr, "usage: stamp-client PORT STREAMS TOKENS SECONDS FILE\n"), 2;
  int port = atoi(argv[1]), streams = atoi(argv[2]), started = 0, epoll_fd = epoll_create1(0);
  double seconds = atof(argv[4]);
  char body[4000], in[65536];
  memset(body, 'x', sizeof body);
  memcpy(body, "\"user\":\"00000000\"", 17);
  request_len = sprintf(head_and_body, "POST /v1/completions HTTP/1.1\r\nhost: localhost\r\nx-tokens: %s\r\nx-ttft-us: 50000\r\nx-itl-us: 10000\r\nx-text-bytes: 0\r\ncontent-length: %zu\r\n\r\n%.*s", argv[3], sizeof body, (int)sizeof body, body);
  number_at = request_len - sizeof body + 8;
  int *fds = malloc(streams * sizeof *fds);
  long *current = malloc(streams * sizeof *current);
  for (int i = 0; i < streams; i++) {
    if ((fds[i] = open_connection(port)) < 0) return perror("connect"), 1;
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fds[i], &e);
  }
  struct epoll_event events[MAX_EVENTS];
  long long start = now_ns();
  // The first second, in which streams start, is not measured.
  long before_chunks = 0;
  double before_cpu = 0, t = 0;
  while ((t = (now_ns() - start) / 1e9) < seconds + 1) {
    for (; started < streams && t > (double)started / streams; started++)
      if ((current[started] = post(fds[started])) < 0) return perror("write"), 1;
    if (before_cpu == 0 && t > 1) before_cpu = cpu_s(), before_chunks = chunks, sample_n = 0;
    int n = epoll_wait(epoll_fd, events, MAX_EVENTS, 1);
    for (int i = 0; i < n; i++) {
      int k = events[i].data.u32;
      ssize_t len = read(fds[k], in, sizeof in - 1);
      if (len <= 0) continue;
      in[len] = 0;
      long long read_ns = now_ns();
      if (!requests[current[k]].first_ns) requests[current[k]].first_ns = read_ns;
      look_at(in, read_ns);
      if (len >= 5 && !memcmp(in + len - 5, "0\r\n\r\n", 5) && (current[k] = post(fds[k])) < 0) return perror("write"), 1;
    }
  }
  double cpu = cpu_s() - before_cpu;
  qsort(samples, sample_n, sizeof *samples, ascending);
  if (!sample_n) return fprintf(stderr, "stamp-client: nothing received\n"), 1;
  printf("{\"chunks\":%ld,\"seconds\":%f,\"cpuS\":%f,\"chunkErrorMs\":{\"p50\":%f,\"p99\":%f,\"max\":%f}}\n", chunks - before_chunks, seconds, cpu, samples[sample_n / 2] / 1e6, samples[(long)(sample_n * .99)] / 1e6, samples[sample_n - 1] / 1e6);
  return write_requests(argv[5], start + 1000000000LL);
}
