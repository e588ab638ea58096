// Wrong configurations and exactly what is said about them. `BASE` is five lines long, so the
// texts after it begin in line 6.

export const BASE = `version: 1
ports:
  lan: { device: "pcap:", addresses: [10.0.0.1/24, "fd00:a::1/64"] }
  wan: { device: "pcap:", addresses: [203.0.113.2/24, "2001:db8::2/64"] }
vrfs: { red: {} }
`;

export interface ProblemCase {
  readonly code?: "CONFIG_SYNTAX" | "CONFIG_UNSUPPORTED";
  /** The whole text, or what follows BASE. */
  readonly text?: string;
  readonly tail?: string;
  /** "line:column[ pointer]: message" of every problem. */
  readonly problems: readonly string[];
}

export const PROBLEM_CASES: readonly ProblemCase[] = [
  {
    code: "CONFIG_SYNTAX",
    text: `version: 1
ports: [`,
    problems: [
      "2:9: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
  },
  {
    code: "CONFIG_SYNTAX",
    text: `a: 1
---
b: 2
`,
    problems: ["2:1: expected one document, found a second"],
  },
  { text: "", problems: ["1:1: expected a mapping, found nothing"] },
  { text: "just a text", problems: ['1:1: expected a mapping, found "just a text"'] },
  {
    text: `- 1
`,
    problems: ["1:1: expected a mapping, found a list"],
  },
  {
    text: '{"version": 1, "ports": {"lan": {"device": "pcap:", "mtu": "big"}}}',
    problems: ['1:60 /ports/lan/mtu: expected an integer from 68 to 65535, found "big"'],
  },
  {
    text: `version: 2
ports: {}
`,
    problems: [
      "1:10 /version: expected 1, found 2",
      "2:8 /ports: expected a mapping of 1 to 256 keys, found 0",
    ],
  },
  {
    text: `version: "1"
ports:
`,
    problems: [
      '1:10 /version: expected 1, found "1"',
      "2:7 /ports: expected a mapping of 1 to 256 keys, found nothing",
    ],
  },
  {
    text: `ports: { lan: { device: 'null:' } }
`,
    problems: ["1:1: key 'version' is missing"],
  },
  {
    text: `version: 1
ports: { lan: { mtu: 1500 } }
`,
    problems: ["2:15 /ports/lan: key 'device' is missing"],
  },
  {
    text: `version: 1
ports:
  lan: { device: 'null:' }
  lan: { device: 'null:' }
version: 1
`,
    problems: [
      "4:3 /ports/lan: duplicate key 'lan', first at 3:3",
      "5:1 /version: duplicate key 'version', first at 1:1",
    ],
  },
  {
    text: `version: 1
port: { lan: { device: 'null:' } }
engin: {}
foo: 1
`,
    problems: [
      "1:1: key 'ports' is missing",
      "2:1 /port: unknown key 'port'; did you mean 'ports'?",
      "3:1 /engin: unknown key 'engin'; did you mean 'engine'?",
      "4:1 /foo: unknown key 'foo'",
    ],
  },
  {
    text: `version: 1
ports:
  1st: { device: 'null:' }
  'a b': { device: 'null:' }
`,
    problems: [
      "3:3 /ports/1st: expected a name: a letter, then up to 31 letters, digits, '_', '.' or '-', found \"1st\"",
      "4:3 /ports/a b: expected a name: a letter, then up to 31 letters, digits, '_', '.' or '-', found \"a b\"",
    ],
  },
  {
    text: `version: 1
ports: { lan: &a { device: 'null:', mtu: 1 }, wan: *a }
`,
    problems: [
      "2:42 /ports/lan/mtu: expected an integer from 68 to 65535, found 1",
      "2:42 /ports/wan/mtu: expected an integer from 68 to 65535, found 1",
    ],
  },
  {
    code: "CONFIG_SYNTAX",
    text: `version: 1
ports: { lan: *nothing }
`,
    problems: ["2:15 /ports/lan: alias '*nothing' has no anchor"],
  },
  {
    code: "CONFIG_SYNTAX",
    text: `version: 1
ports: &a { lan: *a }
`,
    problems: ["2:18: nested more than 32 levels deep"],
  },
  {
    code: "CONFIG_SYNTAX",
    text: `a: &a [1,1,1,1,1,1,1,1,1,1]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
e: [*d,*d]
`,
    problems: ["1:20: aliases stand for more than 10000 values"],
  },
  {
    code: "CONFIG_SYNTAX",
    text: `version: !number 1
`,
    problems: ["1:10: Unresolved tag: !number"],
  },
  {
    code: "CONFIG_SYNTAX",
    text: `%YAML 1.1
---
version: 1
`,
    problems: ["1:1: expected YAML 1.2, found %YAML 1.1"],
  },
  {
    code: "CONFIG_SYNTAX",
    text: `? [a]
: 1
`,
    problems: ["1:3: expected a name as key"],
  },
  {
    code: "CONFIG_SYNTAX",
    text: "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    problems: ["1:34: nested more than 32 levels deep"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mtu: big
`,
    problems: ['5:10 /ports/lan/mtu: expected an integer from 68 to 65535, found "big"'],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mtu: 67
`,
    problems: ["5:10 /ports/lan/mtu: expected an integer from 68 to 65535, found 67"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mtu: 65536
`,
    problems: ["5:10 /ports/lan/mtu: expected an integer from 68 to 65535, found 65536"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mtu: 1500.5
`,
    problems: ["5:10 /ports/lan/mtu: expected an integer from 68 to 65535, found 1500.5"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mtu: 
`,
    problems: ["5:10 /ports/lan/mtu: expected an integer from 68 to 65535, found nothing"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mtuu: 1500
`,
    problems: ["5:5 /ports/lan/mtuu: unknown key 'mtuu'; did you mean 'mtu'?"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mtu: 1279
    addresses: ['fd00::1/64']
`,
    problems: [
      "5:10 /ports/lan/mtu: expected at least 1280, because the port has IPv6 addresses (RFC 8200 5), found 1279",
    ],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mac: '01:00:5e:00:00:01'
`,
    problems: [
      '5:10 /ports/lan/mac: expected the MAC of one station such as 02:00:00:00:00:01 (not a group\'s, not all zero), found "01:00:5e:00:00:01"',
    ],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mac: 0
`,
    problems: [
      "5:10 /ports/lan/mac: expected the MAC of one station such as 02:00:00:00:00:01 (not a group's, not all zero), found 0",
    ],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    mac: '00:00:00:00:00:00'
`,
    problems: [
      '5:10 /ports/lan/mac: expected the MAC of one station such as 02:00:00:00:00:01 (not a group\'s, not all zero), found "00:00:00:00:00:00"',
    ],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    addresses: 10.0.0.1/24
`,
    problems: ['5:16 /ports/lan/addresses: expected a list, found "10.0.0.1/24"'],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    addresses: [10.0.0.1, 10.0.0.300/24, 'fe80::1%eth0/64']
`,
    problems: [
      '5:17 /ports/lan/addresses/0: expected an address with prefix length such as 10.0.0.1/24 or fd00::1/64, found "10.0.0.1"',
      '5:27 /ports/lan/addresses/1: expected an address with prefix length such as 10.0.0.1/24 or fd00::1/64, found "10.0.0.300/24"',
      '5:42 /ports/lan/addresses/2: expected an address with prefix length such as 10.0.0.1/24 or fd00::1/64, found "fe80::1%eth0/64"',
    ],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    addresses: [10.0.0.0/24, 10.0.1.255/24, 127.0.0.1/8, 224.0.0.1/24, 0.0.0.0/32, 'ff02::1/64', '::/64', 240.0.0.1/32]
`,
    problems: [
      '5:17 /ports/lan/addresses/0: expected an address a port can have, found "10.0.0.0/24": it is the network 10.0.0.0/24 itself',
      '5:30 /ports/lan/addresses/1: expected an address a port can have, found "10.0.1.255/24": it is the broadcast address of 10.0.1.0/24',
      '5:45 /ports/lan/addresses/2: expected an address a port can have, found "127.0.0.1/8": it is a loopback address',
      '5:58 /ports/lan/addresses/3: expected an address a port can have, found "224.0.0.1/24": it is a multicast address',
      '5:72 /ports/lan/addresses/4: expected an address a port can have, found "0.0.0.0/32": it is an unspecified address',
      '5:84 /ports/lan/addresses/5: expected an address a port can have, found "ff02::1/64": it is a multicast address',
      '5:98 /ports/lan/addresses/6: expected an address a port can have, found "::/64": it is an unspecified address',
      '5:107 /ports/lan/addresses/7: expected an address a port can have, found "240.0.0.1/32": it is a reserved or broadcast address',
    ],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    addresses: [10.0.0.1/24, 10.0.0.1/25]
`,
    problems: [
      "5:30 /ports/lan/addresses/1: address 10.0.0.1 is in use in this VRF already, at 5:17",
    ],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    promiscuous: sometimes
`,
    problems: ['5:18 /ports/lan/promiscuous: expected true or false, found "sometimes"'],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    vrf: blue
`,
    problems: ["5:10 /ports/lan/vrf: unknown VRF 'blue'"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    vrf: man
`,
    problems: ["5:10 /ports/lan/vrf: unknown VRF 'man'; did you mean 'main'?"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    cross_connect: lan
`,
    problems: ["5:20 /ports/lan/cross_connect: expected another port, found the port itself"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    cross_connect: wan
`,
    problems: ["5:20 /ports/lan/cross_connect: unknown port 'wan'; did you mean 'lan'?"],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    cross_connect: lan
    addresses: [10.0.0.1/24]
`,
    problems: [
      "5:20 /ports/lan/cross_connect: expected another port, found the port itself",
      "6:16 /ports/lan/addresses: a port with 'cross_connect' is not routed and has no addresses; remove them",
    ],
  },
  {
    text: `version: 1
ports:
  lan:
    device: "pcap:"
    bridge: br0
    vlan: { access: 10 }
`,
    problems: ["5:13 /ports/lan/bridge: unknown bridge 'br0'"],
  },
  {
    text: `version: 1
ports: { a: { device: 'packet:eth0' }, b: { device: 'pcp:' }, c: { device: 'pcap:in.pcap' }, d: { device: null }, e: { device: pcap } }
`,
    problems: ["2:107 /ports/d/device: expected a device such as 'pcap:', found nothing"],
  },
  {
    text: `version: 1
ports: { a: { device: 'tap:x' } }
conntrack: { helpers: [sip] }
routes: [{ to: 10.0.0.0/8, type: local, port: b }]
`,
    problems: [
      "2:23 /ports/a/device: device 'tap:' is not implemented in this version; use one of 'pcap:', 'null:'",
      "3:24 /conntrack/helpers/0: helper 'sip' is not implemented in this version",
      "4:41 /routes/0/port: 'port' has no meaning for a route of type local; remove one of them",
    ],
  },
  {
    code: "CONFIG_UNSUPPORTED",
    text: `version: 1
ports: { a: { device: 'tap:x' } }
tables: {}
`,
    problems: [
      "2:23 /ports/a/device: device 'tap:' is not implemented in this version; use one of 'pcap:', 'null:'",
    ],
  },
  {
    text: `version: 1
ports: { a: { device: "pcp:" }, c: { device: "pcap:in.pcap" }, e: { device: pcap }, f: { device: "xdp:eth0" } }
`,
    problems: [
      "2:23 /ports/a/device: expected a device ('pcap:', 'null:', 'packet:', 'xdp:', 'tap:'), found \"pcp:\"; did you mean 'pcap:'?",
      "2:46 /ports/c/device: expected 'pcap:' with nothing after it, found \"pcap:in.pcap\"",
      "2:77 /ports/e/device: expected a device ('pcap:', 'null:', 'packet:', 'xdp:', 'tap:'), found \"pcap\"; did you mean 'pcap:'?",
      "2:98 /ports/f/device: device 'xdp:' is not implemented in this version; use one of 'pcap:', 'null:'",
    ],
  },
  {
    text: `version: 1
ports:
  a: { device: 'null:', addresses: [10.0.0.1/24, 'fe80::1/64'] }
  b: { device: 'null:', addresses: [10.0.0.1/8, 'fe80::1/64'] }
`,
    problems: [
      "4:37 /ports/b/addresses/0: address 10.0.0.1 is in use in this VRF already, at 3:37",
    ],
  },
  {
    text: `version: 1
ports:
  a: { device: 'null:', addresses: [10.0.0.1/24] }
  b: { device: 'null:', addresses: [10.0.0.2/24] }
routes: [{ to: 0.0.0.0/0, via: 10.0.0.9 }]
`,
    problems: [
      "5:32 /routes/0/via: gateway 10.0.0.9 may be behind any of the ports 'a', 'b'; name its 'port'",
    ],
  },
  {
    tail: `engine: { queues: 0 }
`,
    problems: ["6:19 /engine/queues: expected an integer from 1 to 32, found 0"],
  },
  {
    tail: `engine: { queues: 33, cpus: [0] }
`,
    problems: ["6:19 /engine/queues: expected an integer from 1 to 32, found 33"],
  },
  {
    tail: `engine: { queues: 2, cpus: [0] }
`,
    problems: ["6:28 /engine/cpus: expected 2 CPUs, one for each queue, found 1"],
  },
  {
    tail: `engine: { cpus: [-1] }
`,
    problems: ["6:18 /engine/cpus/0: expected an integer from 0 to 1023, found -1"],
  },
  {
    tail: `engine: { frame_size: 2050 }
`,
    problems: [
      "6:23 /engine/frame_size: expected an integer from 512 to 131072, a multiple of 64, found 2050",
    ],
  },
  {
    tail: `engine: { frame_size: 256 }
`,
    problems: [
      "6:23 /engine/frame_size: expected an integer from 512 to 131072, a multiple of 64, found 256",
    ],
  },
  {
    tail: `engine: { verify_checksums: some }
`,
    problems: [
      "6:29 /engine/verify_checksums: expected one of 'header', 'all', 'none', found \"some\"",
    ],
  },
  {
    tail: `engine: { limits: { routs: 1, routes: 0 } }
`,
    problems: [
      "6:21 /engine/limits/routs: unknown key 'routs'; did you mean 'routes'?",
      "6:39 /engine/limits/routes: expected an integer from 1 to 16000000, found 0",
    ],
  },
  {
    tail: `engine: { icmp_errors: { rate: 10mbit } }
`,
    problems: [
      '6:32 /engine/icmp_errors/rate: expected a rate above zero such as 100/s or 30/m, found "10mbit"',
    ],
  },
  {
    tail: `engine: { icmp_errors: { rate: 0/s, burst: 0 } }
`,
    problems: [
      '6:32 /engine/icmp_errors/rate: expected a rate above zero such as 100/s or 30/m, found "0/s"',
      "6:44 /engine/icmp_errors/burst: expected an integer from 1 to 1000000, found 0",
    ],
  },
  {
    tail: `engine:
`,
    problems: ["6:8 /engine: expected a mapping, found nothing"],
  },
  {
    tail: `neighbors: [{ port: lan, ip: 10.0.0.1, mac: '02:00:00:00:00:09' }]
`,
    problems: [
      "6:30 /neighbors/0/ip: expected a neighbor's address, found 10.0.0.1: it is port 'lan' itself",
    ],
  },
  {
    tail: `neighbors: [{ port: lan, ip: 10.0.1.1, mac: '02:00:00:00:00:09' }]
`,
    problems: [
      "6:30 /neighbors/0/ip: expected a neighbor's address, found 10.0.1.1: no connected prefix and no route of port 'lan' holds it",
    ],
  },
  {
    tail: `neighbors: [{ port: lam, ip: 10.0.0.2, mac: '02:00:00:00:00:09' }]
`,
    problems: ["6:21 /neighbors/0/port: unknown port 'lam'; did you mean 'lan'?"],
  },
  {
    tail: `neighbors: [{ port: lan, ip: ff02::1, mac: x }]
`,
    problems: [
      '6:44 /neighbors/0/mac: expected a MAC such as 02:00:00:00:00:01 (not all zero), found "x"',
    ],
  },
  {
    tail: `neighbors: [{ port: lan, ip: ff02::1, mac: '02:00:00:00:00:09' }]
`,
    problems: [
      "6:30 /neighbors/0/ip: expected a neighbor's address, found ff02::1: it is a multicast address",
    ],
  },
  {
    tail: `neighbors:
  - { port: lan, ip: 'fd00:a::2', mac: '02:00:00:00:00:09' }
  - { port: lan, ip: 'fd00:a:0::2', mac: '02:00:00:00:00:0a' }
`,
    problems: ["8:22 /neighbors/1/ip: fd00:a::2 is listed twice for port 'lan', first at 7:22"],
  },
  {
    tail: `routes: [{ to: 10.1.2.3/8, via: 203.0.113.1 }]
`,
    problems: [
      '6:16 /routes/0/to: expected a prefix without host bits, 10.0.0.0/8, found "10.1.2.3/8"',
    ],
  },
  {
    tail: `routes: [{ to: 10.0.0.0, via: 203.0.113.1 }]
`,
    problems: [
      '6:16 /routes/0/to: expected a prefix such as 10.0.0.0/8 or fd00::/64, found "10.0.0.0"',
    ],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8 }]
`,
    problems: ["6:10 /routes/0: a route needs one of 'via', 'port' and 'type'"],
  },
  {
    tail: `routes: [{ via: 203.0.113.1 }]
`,
    problems: ["6:10 /routes/0: key 'to' is missing"],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: 198.51.100.1 }]
`,
    problems: [
      "6:33 /routes/0/via: gateway 198.51.100.1 is in no connected prefix of VRF 'main'; name its 'port'",
    ],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: 203.0.113.1, vrf: red }]
`,
    problems: [
      "6:33 /routes/0/via: gateway 203.0.113.1 is in no connected prefix of VRF 'red'; name its 'port'",
    ],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: 203.0.113.1, vrf: rad }]
`,
    problems: ["6:51 /routes/0/vrf: unknown VRF 'rad'; did you mean 'red'?"],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: 203.0.113.2 }]
`,
    problems: ["6:33 /routes/0/via: gateway 203.0.113.2 is port 'wan' itself"],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: 203.0.113.2, port: lan }]
`,
    problems: ["6:33 /routes/0/via: gateway 203.0.113.2 is port 'wan' itself"],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: 224.0.0.1 }]
`,
    problems: [
      "6:33 /routes/0/via: expected a gateway, found 224.0.0.1: it is a multicast address",
    ],
  },
  {
    tail: `routes: [{ to: '::/0', via: 203.0.113.1 }, { to: '::/0', via: 203.0.113.1, port: wan }]
`,
    problems: [
      "6:29 /routes/0/via: expected an IPv6 gateway for an IPv6 route, found 203.0.113.1",
      "6:50 /routes/1/to: ::/0 is listed twice in VRF 'main', first at 6:16",
      "6:63 /routes/1/via: expected an IPv6 gateway for an IPv6 route, found 203.0.113.1",
    ],
  },
  {
    tail: `routes: [{ to: 0.0.0.0/0, via: '2001:db8::1' }]
`,
    problems: [
      "6:32 /routes/0/via: an IPv6 gateway of an IPv4 route needs 'port' (RFC 8950), found 2001:db8::1",
    ],
  },
  {
    tail: `routes: [{ to: '::/0', via: 'fe80::1' }]
`,
    problems: ["6:29 /routes/0/via: a link-local gateway needs 'port', found fe80::1"],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: [] }]
`,
    problems: ["6:33 /routes/0/via: expected a list of 1 to 256 items, found 0"],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: [{ ip: 203.0.113.1 }, { ip: 203.0.113.1, weight: 2 }, 203.0.113.1, { ip: 203.0.113.1, port: lan }] }]
`,
    problems: [
      "6:61 /routes/0/via/1/ip: gateway 203.0.113.1 is listed twice, first at 6:40",
      "6:87 /routes/0/via/2: gateway 203.0.113.1 is listed twice, first at 6:40",
    ],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: [{ ip: 203.0.113.1, weight: 257 }, { weight: 0 }, 5] }]
`,
    problems: [
      "6:61 /routes/0/via/0/weight: expected an integer from 1 to 256, found 257",
      "6:68 /routes/0/via/1: key 'ip' is missing",
      "6:78 /routes/0/via/1/weight: expected an integer from 1 to 256, found 0",
      "6:83 /routes/0/via/2: expected a gateway's address or { ip, port, weight }, found 5",
    ],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: 5 }]
`,
    problems: [
      "6:33 /routes/0/via: expected a gateway's address, or a list of { ip, port, weight }, found 5",
    ],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: { ip: 203.0.113.1, port: nowhere } }]
`,
    problems: ["6:58 /routes/0/via/port: unknown port 'nowhere'"],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, via: 203.0.113.1, port: nowhere }]
`,
    problems: ["6:52 /routes/0/port: unknown port 'nowhere'"],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, type: blackhole, via: 203.0.113.1, port: lan }]
`,
    problems: [
      "6:45 /routes/0/via: 'via' has no meaning for a route of type blackhole; remove one of them",
      "6:63 /routes/0/port: 'port' has no meaning for a route of type blackhole; remove one of them",
    ],
  },
  {
    tail: `routes: [{ to: 10.0.0.0/8, type: blackhol }]
`,
    problems: [
      "6:34 /routes/0/type: expected one of 'local', 'blackhole', 'unreachable', 'prohibit', found \"blackhol\"",
    ],
  },
  {
    tail: `routes:
  - { to: 10.0.0.0/8, type: blackhole }
  - { to: 10.0.0.0/8, type: prohibit, vrf: red }
  - { to: 10.0.0.0/8, type: unreachable }
`,
    problems: ["9:11 /routes/2/to: 10.0.0.0/8 is listed twice in VRF 'main', first at 7:11"],
  },
  {
    tail: `route_files: [{ file: '', via: 203.0.113.1 }]
`,
    problems: ['6:23 /route_files/0/file: expected a file name, found ""'],
  },
  {
    tail: `route_files: [{ file: a.txt }]
`,
    problems: ["6:15 /route_files/0: a route needs one of 'via', 'port' and 'type'"],
  },
  {
    tail: `route_files: [{ file: a.txt, via: 9.9.9.9 }]
`,
    problems: [
      "6:35 /route_files/0/via: gateway 9.9.9.9 is in no connected prefix of VRF 'main'; name its 'port'",
    ],
  },
  {
    code: "CONFIG_UNSUPPORTED",
    tail: `bridges: {}
meters: {}
conntrack: { helpers: [ftp, sip] }
`,
    problems: ["8:29 /conntrack/helpers/1: helper 'sip' is not implemented in this version"],
  },
  {
    tail: `tunnel_metadata:
  tun_metadata0: { class: 1, type: 2, word: 3 }
  tun_metadata2: { class: 1, type: 2, word: 3 }
`,
    problems: ["8:18 /tunnel_metadata/tun_metadata2: tun_metadata0 is this word already"],
  },
  {
    tail: `tunnel_metadata:
  tun_metadata0: { class: 65536, type: 256, word: 31 }
  tun_metadata3: { class: 1, type: 1 }
`,
    problems: [
      "7:27 /tunnel_metadata/tun_metadata0/class: expected an integer from 0 to 65535, found 65536",
      "7:40 /tunnel_metadata/tun_metadata0/type: expected an integer from 0 to 255, found 256",
      "7:51 /tunnel_metadata/tun_metadata0/word: expected an integer from 0 to 30, found 31",
      "8:3 /tunnel_metadata/tun_metadata3: unknown key 'tun_metadata3'; did you mean 'tun_metadata0'?",
    ],
  },
  {
    tail: `tunnel_metadata: { tun_metadata0: { class: 1, type: 1 } }
tunnels:
  g: { type: geneve, vni: 1, local: 203.0.113.2, remote: 203.0.113.9, options: [{ class: 1, type: 1 }] }
`,
    problems: [
      "6:18 /tunnel_metadata: tunnel 'g' sends the option of class 0x1, type 0x1 with every packet (its 'options'): it cannot be set by flows, too",
    ],
  },
  {
    tail: `tunnels: { g: { type: geneve, vni: 1, local: 203.0.113.2, remote: 203.0.113.9 } }
tunnel_metadata:
  tun_metadata0: { class: 1, type: 1, word: 30 }
  tun_metadata1: { class: 1, type: 2, word: 30 }
`,
    problems: [
      "8:3 /tunnel_metadata: expected at most 252 bytes of options (RFC 8926 3.4), with those of tunnel 'g'; found 256",
    ],
  },
  {
    tail: `bridges:
  br0:
    forward_reserved: [2]
    loop_guard: 65535
    stations:
      - { mac: "02:00:00:00:00:51", ips: [10.9.0.5, "fd00::5"] }
      - { mac: "02:00:00:00:00:52", ips: ["fd00:0::5"] }
`,
    problems: [
      "8:24 /bridges/br0/forward_reserved/0: expected an integer from 3 to 15, found 2",
      "9:17 /bridges/br0/loop_guard: expected an integer from 0 to 65534, found 65535",
    ],
  },
  {
    tail: `bridges:
  br0:
    stations:
      - { mac: "02:00:00:00:00:51", ips: [10.9.0.5, "fd00::5"] }
      - { mac: "02:00:00:00:00:52", ips: ["fd00:0::5"] }
`,
    problems: [
      "10:43 /bridges/br0/stations/1/ips/0: fd00:0::5 is an address of a station already, at 9:53",
    ],
  },
];
