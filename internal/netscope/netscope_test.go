package netscope_test

import (
	"net/netip"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/netscope"
)

func TestScopes(t *testing.T) {
	t.Parallel()
	const global, local, neither = "global", "local", "neither"
	for address, want := range map[string]string{
		"8.8.8.8": global, "93.184.216.34": global, "100.63.255.255": global, "100.128.0.0": global, "192.0.1.1": global, "198.17.255.255": global, "172.32.0.1": global,
		"2606:2800:220:1:248:1893:25c8:1946": global, "2a00:1450:4001::1": global, "::ffff:8.8.8.8": global, "64:ff9b::8.8.8.8": global,

		"127.0.0.1": local, "127.255.0.1": local, "10.0.0.1": local, "172.16.0.1": local, "172.31.255.255": local, "192.168.1.20": local, "169.254.169.254": local, "0.0.0.0": local,
		"::1": local, "::": local, "fc00::1": local, "fdff::1": local, "fe80::1": local, "fe80::1%eth0": local, "::ffff:10.0.0.1": local, "::ffff:127.0.0.1": local,

		"0.1.2.3": neither, "100.64.0.1": neither, "100.127.255.255": neither, "192.0.0.1": neither, "192.0.2.1": neither, "198.18.0.1": neither, "198.19.255.255": neither,
		"198.51.100.1": neither, "203.0.113.1": neither, "224.0.0.1": neither, "239.255.255.255": neither, "240.0.0.1": neither, "255.255.255.255": neither,
		"64:ff9b::7f00:1": neither, "64:ff9b::10.0.0.1": neither, "64:ff9b::100.64.0.1": neither, "64:ff9b::": neither, "64:ff9b:1::1": neither, "::7f00:1": neither, "::8.8.8.8": neither, "100::1": neither,
		"2001::1": neither, "2001:db8::1": neither, "2002:7f00:1::": neither, "2002:808:808::1": neither, "3fff::1": neither, "fec0::1": neither, "ff02::1": neither,
		"2606:2800::1%eth0": neither, "::ffff:100.64.0.1": neither,
	} {
		ip := netip.MustParseAddr(address)
		if g, l := netscope.Global(ip), netscope.Local(ip); g != (want == global) || l != (want == local) {
			t.Errorf("%s: global %v, local %v, want %s", address, g, l, want)
		}
	}
	if g, l := netscope.Global(netip.Addr{}), netscope.Local(netip.Addr{}); g || l {
		t.Error("no address at all has a scope")
	}
}
