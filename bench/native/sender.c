// Sends the frames of a capture by packet sockets, as fast as they are taken, and looks at how many
// come back: what the kernel and Open vSwitch are measured with. Of pcapng it knows what
// bench/capture_writer.ts writes: enhanced packet blocks of two interfaces, little-endian.
//
//   sender CAPTURE DEVICE0 DEVICE1     then "send LOOPS" a line
//
// The answer is "NANOSECONDS SENT RETURNED": from the first packet sent until the last one that was
// sent or came back.
// "send LOOPS PATIENCE" is for what must not get lost: of each batch it waits until as many frames
// have come back to the two devices, and gives up after PATIENCE milliseconds.

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

enum { QUIET = 30000000, BATCH = 64, ENHANCED_PACKET = 6, FRAME_OFFSET = 28 };

static const uint8_t *capture;
static size_t capture_bytes;
static int sockets[2];
// Where the kernel says how many frames a device has received.
static int counters[2];
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

static int open_counter(const char *device) {
  char path[128];
  snprintf(path, sizeof path, "/sys/class/net/%s/statistics/rx_packets", device);
  int counter = open(path, O_RDONLY);
  if (counter < 0) fail(path);
  return counter;
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

// Frames that the two devices have received so far.
static uint64_t returned(void) {
  uint64_t sum = 0;
  for (int device = 0; device < 2; device++) {
    char text[32] = {0};
    if (pread(counters[device], text, sizeof text - 1, 0) <= 0) fail("rx_packets");
    sum += strtoull(text, NULL, 10);
  }
  return sum;
}

static void await_return(uint64_t wanted, unsigned patience) {
  uint64_t deadline = now() + (uint64_t)patience * 1000000u;
  struct timespec moment = {.tv_nsec = 20000};
  while (returned() < wanted) {
    if (now() > deadline) {
      fprintf(stderr, "%llu frames did not come back\n", (unsigned long long)(wanted - returned()));
      exit(1);
    }
    nanosleep(&moment, NULL);
  }
}

// When the last frame came back, or was sent if that is later, nothing having come for a while.
static uint64_t last_return(void) {
  struct timespec moment = {.tv_nsec = 20000};
  uint64_t last = now();
  for (uint64_t count = returned(), more; now() < last + QUIET; count = more) {
    nanosleep(&moment, NULL);
    more = returned();
    if (more != count) last = now();
  }
  return last;
}

static uint64_t send_all(unsigned patience) {
  uint64_t before = patience == 0 ? 0 : returned();
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
      if (patience != 0) await_return(before + packets, patience);
    }
    device = from & 1;
    frames[waiting].iov_base = (void *)(capture + at + FRAME_OFFSET);
    frames[waiting].iov_len = word_at(at + 20);
    waiting++;
    packets++;
  }
  flush((int)device, waiting);
  if (patience != 0) await_return(before + packets, patience);
  return packets;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: sender CAPTURE DEVICE0 DEVICE1\n");
    return 2;
  }
  read_capture(argv[1]);
  for (int i = 0; i < 2; i++) {
    sockets[i] = open_device(argv[2 + i]);
    counters[i] = open_counter(argv[2 + i]);
  }
  for (int i = 0; i < BATCH; i++) {
    messages[i].msg_hdr.msg_iov = &frames[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    unsigned loops = 0, patience = 0;
    if (sscanf(line, "send %u %u", &loops, &patience) < 1) return 2;
    uint64_t before = returned(), start = now(), packets = 0;
    for (unsigned loop = 0; loop < loops; loop++) packets += send_all(patience);
    unsigned long long nanoseconds = last_return() - start;
    unsigned long long sent = packets, back = returned() - before;
    printf("%llu %llu %llu\n", nanoseconds, sent, back);
    fflush(stdout);
  }
  return 0;
}
