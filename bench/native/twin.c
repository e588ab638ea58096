// The native twin: what assembly/ does to the benchmark's traffic, step by step, in C, on an image
// of the very memory the engine works on. It is the measure of what the WebAssembly costs, and,
// since it must leave the same bytes behind, an independent check of the result.
//
// It has the paths that untagged Ethernet frames with IPv4 without options, or IPv6 without
// extension headers, and TCP or UDP take when they are routed to a gateway; with IPv4 also those of
// established connections, translated or not, through tables at the forward hook that only count;
// and those that a bridge sends from a MAC it knows to another one, or that go into VXLAN tunnels
// over IPv4 or come out of them.
// A packet that would need anything else (the general parser, answers, ICMP errors, a connection
// that begins or ends, several queues) ends the program.
//
//   twin IMAGE BYTES      then one command a line; the answer is "NANOSECONDS NUMBER":
//     run ROUNDS STEP          every job of the image ROUNDS times, its packets STEP nanoseconds
//                              later each time; NUMBER = packets
//     parse CHUNK ROUNDS   copy CHUNK ROUNDS   rewrite CHUNK SCRATCH ROUNDS
//     lookup4 ADDRESSES COUNT ROUNDS   lookup6 ADDRESSES COUNT ROUNDS
//     dump FILE                writes the image as it is now

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "stages.h"

_Noreturn void unsupported(const char *what, u32 record) {
  unsigned long long number = record == 0 ? 0 : load_u64(record, RECORD_SEQUENCE);
  fprintf(stderr, "twin: packet %llu: %s\n", number, what);
  exit(1);
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void map_image(const char *file, size_t bytes) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  void *memory = mmap(IMAGE_BASE, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory != IMAGE_BASE) fail("mmap");
  // Huge pages are a wish: without them the twin is slower, as the engine is.
  madvise(memory, bytes, MADV_HUGEPAGE);
  int source = open(file, O_RDONLY);
  if (source < 0) fail(file);
  size_t have = 0;
  while (have < bytes) {
    ssize_t got = read(source, IMAGE_BASE + have, bytes - have);
    if (got <= 0) fail(file);
    have += (size_t)got;
  }
  close(source);
}

static void dump_image(const char *file, size_t bytes) {
  int target = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (target < 0) fail(file);
  size_t written = 0;
  while (written < bytes) {
    ssize_t put = write(target, IMAGE_BASE + written, bytes - written);
    if (put <= 0) fail(file);
    written += (size_t)put;
  }
  close(target);
}

static u64 now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (u64)time.tv_sec * 1000000000u + (u64)time.tv_nsec;
}

static u64 run_rounds(u32 rounds, u32 step_) {
  u64 total = 0;
  for (u32 round = 0; round < rounds; round++) {
    total += run_jobs();
    later += step_;
  }
  return total;
}

static u64 run_command(const char *name, u32 a, u32 b, u32 c) {
  if (strcmp(name, "run") == 0) return run_rounds(a, b);
  if (strcmp(name, "parse") == 0) return stage_parse(a, b);
  if (strcmp(name, "rewrite") == 0) return stage_rewrite(a, b, c);
  if (strcmp(name, "copy") == 0) return stage_copy(a, b);
  if (strcmp(name, "lookup4") == 0) return stage_lookup4(a, b, c);
  if (strcmp(name, "lookup6") == 0) return stage_lookup6(a, b, c);
  fprintf(stderr, "twin: no command '%s'\n", name);
  exit(2);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: twin IMAGE BYTES\n");
    return 2;
  }
  size_t bytes = strtoull(argv[2], NULL, 10);
  map_image(argv[1], bytes);
  open_directory();
  open_flows();
  open_bridges();
  open_tunnels();
  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    char name[16] = "";
    char file[4000] = "";
    u32 a = 0, b = 0, c = 0;
    if (sscanf(line, "dump %3999[^\n]", file) == 1) {
      dump_image(file, bytes);
      printf("0 0\n");
    } else {
      sscanf(line, "%15s %u %u %u", name, &a, &b, &c);
      u64 start = now();
      u64 result = run_command(name, a, b, c);
      printf("%llu %llu\n", (unsigned long long)(now() - start), (unsigned long long)result);
    }
    fflush(stdout);
  }
  return 0;
}
