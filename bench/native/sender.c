// Sends the frames of a capture by packet sockets, as fast as they are taken: what the kernel is
// measured with. Of pcapng it knows what bench/connection_traffic.ts writes: enhanced packet blocks
// of two interfaces, little-endian.
//
//   sender CAPTURE DEVICE0 DEVICE1     then "send LOOPS" a line; the answer is "NANOSECONDS PACKETS"
//
// "send LOOPS GAP" sends no faster than a packet every GAP nanoseconds: for what must not get lost.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, ENHANCED_PACKET = 6, FRAME_OFFSET = 28 };

static const uint8_t *capture;
static size_t capture_bytes;
static int sockets[2];
static struct mmsghdr messages[BATCH];
static struct iovec frames[BATCH];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void read_capture(const char *file) {
  int source = open(file, O_RDONLY);
  struct stat status;
  if (source < 0 || fstat(source, &status) != 0) fail(file);
  capture_bytes = (size_t)status.st_size;
  int flags = MAP_PRIVATE | MAP_POPULATE;
  capture = mmap(NULL, capture_bytes, PROT_READ, flags, source, 0);
  if (capture == MAP_FAILED) fail(file);
  close(source);
}

static int open_device(const char *name) {
  int device = socket(AF_PACKET, SOCK_RAW, 0);
  if (device < 0) fail("socket");
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
  if (address.sll_ifindex == 0) fail(name);
  if (bind(device, (struct sockaddr *)&address, sizeof address) != 0) fail(name);
  int one = 1;
  // A wish: without it frames take the queueing discipline's way, which is slower.
  setsockopt(device, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
  int bytes = 1 << 22;
  setsockopt(device, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  return device;
}

static void flush(int device, unsigned count) {
  for (unsigned sent = 0; sent < count;) {
    int taken = sendmmsg(sockets[device], messages + sent, count - sent, 0);
    if (taken > 0) sent += (unsigned)taken;
    else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) fail("sendmmsg");
  }
}

static uint32_t word_at(size_t offset) {
  uint32_t word;
  memcpy(&word, capture + offset, sizeof word);
  return word;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t send_all(unsigned gap) {
  uint64_t start = now();
  uint64_t packets = 0;
  unsigned waiting = 0;
  uint32_t device = 0;
  for (size_t at = 0; at + 12 <= capture_bytes; at += word_at(at + 4)) {
    if (word_at(at + 4) == 0) fail("capture");
    if (word_at(at) != ENHANCED_PACKET) continue;
    uint32_t from = word_at(at + 8);
    if (waiting == BATCH || from != device) {
      flush((int)device, waiting);
      waiting = 0;
      while (gap != 0 && now() < start + packets * gap) continue;
    }
    device = from & 1;
    frames[waiting].iov_base = (void *)(capture + at + FRAME_OFFSET);
    frames[waiting].iov_len = word_at(at + 20);
    waiting++;
    packets++;
  }
  flush((int)device, waiting);
  return packets;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: sender CAPTURE DEVICE0 DEVICE1\n");
    return 2;
  }
  read_capture(argv[1]);
  sockets[0] = open_device(argv[2]);
  sockets[1] = open_device(argv[3]);
  for (int i = 0; i < BATCH; i++) {
    messages[i].msg_hdr.msg_iov = &frames[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    unsigned loops = 0, gap = 0;
    if (sscanf(line, "send %u %u", &loops, &gap) < 1) return 2;
    uint64_t start = now();
    uint64_t packets = 0;
    for (unsigned loop = 0; loop < loops; loop++) packets += send_all(gap);
    printf("%llu %llu\n", (unsigned long long)(now() - start), (unsigned long long)packets);
    fflush(stdout);
  }
  return 0;
}
