// stamp-server: an inference server that knows when it really sent each chunk.
//
//   cc -O2 -o stamp-server stamp-server.c
//   ./stamp-server LOG_FILE            prints "listening on PORT"; SIGTERM ends it and writes the log
//
// It answers every POST as its headers ask:
//   x-tokens: N      chunks of a stream in the dialect of /v1/completions; 0 = one JSON body, at once
//   x-ttft-us: T     from the whole request read to the first chunk
//   x-itl-us: T      from one chunk to the next, on an absolute schedule
//   x-text-bytes: N  text in each chunk; 0 = a word
// The body names the request: "user":"17". One thread, epoll, 127.0.0.1 only.
//
// The log has 16 bytes per instant, in the byte order of the machine: uint32 request, int32 chunk (-1 = the
// request was read), int64 nanoseconds of CLOCK_MONOTONIC, which is the clock of Node's performance.now(). The
// instant of a chunk is taken just before its write.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 65536, MAX_EVENTS = 1024, MAX_RECORDS = 1 << 28 };

typedef struct {
  uint32_t request;
  int32_t chunk;
  int64_t ns;
} Record;

typedef struct {
  int fd, heap_at, active;
  // The request: bytes read so far, and its length once its head is complete.
  char *in;
  size_t in_len, in_cap, need;
  // What it asked for, and how far the answer has come.
  uint32_t request;
  int tokens, token;
  size_t text_bytes;
  int64_t ttft_ns, itl_ns, due;
  // What the socket did not take yet.
  char *out;
  size_t out_len, out_at;
} Conn;

static int epoll_fd;
static Conn *heap[MAX_CONNECTIONS];
static int heap_n;
static Record *records;
static size_t record_n;
static int64_t worst_late;
static char *text, *scratch;
static size_t scratch_cap;
static volatile sig_atomic_t stopping;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void record(const Conn *c, int chunk, int64_t ns) {
  if (record_n < MAX_RECORDS) records[record_n++] = (Record){c->request, chunk, ns};
}

// A heap of the connections that owe a chunk, the earliest first.
static void place(int i, Conn *c) {
  heap[i] = c;
  c->heap_at = i;
}
static void sift(int i) {
  Conn *c = heap[i];
  for (; i > 0 && heap[(i - 1) / 2]->due > c->due; i = (i - 1) / 2) place(i, heap[(i - 1) / 2]);
  for (int child; (child = 2 * i + 1) < heap_n; i = child) {
    if (child + 1 < heap_n && heap[child + 1]->due < heap[child]->due) child++;
    if (heap[child]->due >= c->due) break;
    place(i, heap[child]);
  }
  place(i, c);
}
static void owe(Conn *c) {
  c->active = 1;
  place(heap_n++, c);
  sift(c->heap_at);
}
static void settle(Conn *c) {
  c->active = 0;
  if (c->heap_at == --heap_n) return;
  place(c->heap_at, heap[heap_n]);
  sift(c->heap_at);
}

static void hang_up(Conn *c) {
  if (c->active) settle(c);
  close(c->fd);
  free(c->in);
  free(c->out);
  free(c);
}

// Returns 0 if the client is gone.
static int send_bytes(Conn *c, const char *bytes, size_t n) {
  ssize_t sent = c->out_len > c->out_at ? 0 : write(c->fd, bytes, n);
  if (sent < 0 && errno != EAGAIN) return 0;
  if (sent < 0) sent = 0;
  if ((size_t)sent == n) return 1;
  size_t rest = n - sent, held = c->out_len - c->out_at;
  char *larger = malloc(held + rest);
  memcpy(larger, c->out + c->out_at, held);
  memcpy(larger + held, bytes + sent, rest);
  free(c->out);
  c->out = larger;
  c->out_at = 0;
  c->out_len = held + rest;
  struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
  return 1;
}
static int send_held(Conn *c) {
  ssize_t sent = write(c->fd, c->out + c->out_at, c->out_len - c->out_at);
  if (sent < 0) return errno == EAGAIN;
  c->out_at += sent;
  if (c->out_at < c->out_len) return 1;
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
  return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev) == 0;
}

static long long number_after(const char *in, const char *name) {
  const char *at = strcasestr(in, name);
  return at ? atoll(at + strlen(name)) : 0;
}

#define ID "\"id\":\"cmpl-5f3b1c9a1f4e4c9d8a7b6c5d4e3f2a1b\",\"object\":\"text_completion\",\"created\":1733900000,\"model\":\"stamp\""

static int answer_whole(Conn *c) {
  char body[512], out[1024];
  int n = sprintf(body, "{" ID ",\"choices\":[{\"index\":0,\"text\":\" word\",\"logprobs\":null,\"finish_reason\":\"length\",\"stop_reason\":null}],\"usage\":{\"prompt_tokens\":10,\"total_tokens\":11,\"completion_tokens\":1}}");
  int m = sprintf(out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", n, body);
  record(c, 0, now_ns());
  return send_bytes(c, out, m);
}

// Returns 0 if the client is gone or is no HTTP client of ours.
static int take_request(Conn *c) {
  if (!c->need) {
    c->in[c->in_len] = 0;
    char *head_end = strstr(c->in, "\r\n\r\n");
    if (!head_end) return 1;
    *head_end = 0;
    c->need = head_end - c->in + 4 + number_after(c->in, "\r\ncontent-length:");
    c->tokens = number_after(c->in, "\r\nx-tokens:");
    c->ttft_ns = number_after(c->in, "\r\nx-ttft-us:") * 1000;
    c->itl_ns = number_after(c->in, "\r\nx-itl-us:") * 1000;
    c->text_bytes = number_after(c->in, "\r\nx-text-bytes:");
    *head_end = '\r';
  }
  if (c->in_len < c->need) return 1;
  int64_t t = now_ns();
  c->in[c->in_len] = 0;
  c->request = number_after(c->in, "\"user\":\"");
  c->in_len = c->need = 0;
  record(c, -1, t);
  if (c->tokens == 0) return answer_whole(c);
  c->token = 0;
  c->due = t + c->ttft_ns;
  owe(c);
  return 1;
}

// Sends the chunk that is due. Returns 0 if the client is gone.
static int send_chunk(Conn *c) {
  if (scratch_cap < c->text_bytes + 4096) {
    scratch_cap = c->text_bytes + 4096;
    scratch = realloc(scratch, scratch_cap);
    text = realloc(text, scratch_cap);
    memset(text, 'x', scratch_cap);
  }
  char event[1024], word[32];
  int m = 0, last = c->token + 1 == c->tokens;
  if (c->token == 0)
    m = sprintf(scratch, "HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n");
  size_t word_len = sprintf(word, " token%d", c->token);
  const char *piece = c->text_bytes ? text : word;
  size_t piece_len = c->text_bytes ? c->text_bytes : word_len;
  int64_t stamp = now_ns();
  int before = sprintf(event, "data: {" ID ",\"t\":%lld,\"choices\":[{\"index\":0,\"text\":\"", (long long)stamp);
  char after[256];
  int behind = sprintf(after, "\",\"logprobs\":null,\"finish_reason\":%s,\"stop_reason\":null}],\"usage\":null}\n\n", last ? "\"length\"" : "null");
  m += sprintf(scratch + m, "%zx\r\n", before + piece_len + behind);
  memcpy(scratch + m, event, before);
  memcpy(scratch + m + before, piece, piece_len);
  memcpy(scratch + m + before + piece_len, after, behind);
  m += before + piece_len + behind;
  m += sprintf(scratch + m, "\r\n");
  if (stamp - c->due > worst_late) worst_late = stamp - c->due;
  record(c, c->token++, stamp);
  if (last) {
    int n = sprintf(event, "data: {" ID ",\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"total_tokens\":%d,\"completion_tokens\":%d}}\n\n", 1000 + c->tokens, c->tokens);
    m += sprintf(scratch + m, "%x\r\n%s\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n", n, event);
    settle(c);
  } else {
    c->due += c->itl_ns;
    sift(c->heap_at);
  }
  return send_bytes(c, scratch, m);
}

static void accept_all(int listener) {
  int one = 1;
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Conn *c = calloc(1, sizeof *c);
    c->fd = fd;
    c->in_cap = 8192;
    c->in = malloc(c->in_cap);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
  }
}

// Returns 0 if the client is gone.
static int read_some(Conn *c) {
  if (c->in_cap - c->in_len < 4096) c->in = realloc(c->in, c->in_cap *= 2);
  ssize_t n = read(c->fd, c->in + c->in_len, c->in_cap - c->in_len - 1);
  if (n <= 0) return n < 0 && errno == EAGAIN;
  c->in_len += n;
  return take_request(c);
}

static void on_stop(int signal) {
  (void)signal;
  stopping = 1;
}

static int listen_on_loopback(void) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  if (bind(fd, (void *)&at, sizeof at) || listen(fd, 65535) || getsockname(fd, (void *)&at, &len)) return perror("stamp-server"), -1;
  printf("listening on %d\n", ntohs(at.sin_port));
  fflush(stdout);
  return fd;
}

static int write_log(const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(records, sizeof *records, record_n, file) != record_n || fclose(file)) return perror(path), 1;
  printf("worst lateness %.3f ms\n", worst_late / 1e6);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: stamp-server LOG_FILE\n"), 2;
  struct rlimit files = {0};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGTERM, on_stop);
  signal(SIGINT, on_stop);
  signal(SIGPIPE, SIG_IGN);
  // Address space only: pages are taken as the log grows, and never moved.
  records = mmap(NULL, MAX_RECORDS * sizeof *records, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  int listener = listen_on_loopback();
  if (listener < 0 || records == MAP_FAILED) return 1;
  epoll_fd = epoll_create1(0);
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL}, events[MAX_EVENTS];
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &ev);
  while (!stopping) {
    struct timespec ts, *wait = NULL;
    if (heap_n) {
      int64_t d = heap[0]->due - now_ns();
      if (d < 0) d = 0;
      ts = (struct timespec){d / 1000000000LL, d % 1000000000LL};
      wait = &ts;
    }
    int n = epoll_pwait2(epoll_fd, events, MAX_EVENTS, wait, NULL);
    for (int i = 0; i < n; i++) {
      Conn *c = events[i].data.ptr;
      if (!c) {
        accept_all(listener);
        continue;
      }
      int alive = !(events[i].events & EPOLLOUT) || send_held(c);
      if (alive && events[i].events & ~EPOLLOUT) alive = read_some(c);
      if (!alive) hang_up(c);
    }
    int64_t t = now_ns();
    for (int k = 0; heap_n && heap[0]->due <= t && k < 4096; k++) {
      Conn *c = heap[0];
      if (!send_chunk(c)) hang_up(c);
    }
  }
  return write_log(argv[1]);
}
