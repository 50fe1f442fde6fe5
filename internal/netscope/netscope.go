// Package netscope says which network an IP address belongs to. There are two
// questions, and their answers are not each other's opposite: what is neither
// surely of the open internet nor surely of this machine's network (shared,
// reserved and embedding ranges) is trusted in neither role.
package netscope

import "net/netip"

// The ranges of the global unicast space that no host of the open internet has,
// beside those that net/netip knows: RFC 791, 6598, 6890, 5737, 2544, 1112, 8215,
// 6666, 2928, 3849, 9637, 3056 and 4291.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("fec0::/10"),
}

// nat64 is the prefix by which a host with IPv6 alone reaches those with IPv4 alone
// (RFC 6052): the last 32 bits are their address.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// Global reports whether an address is surely one of the open internet. What a
// stranger names is asked only then. An IPv4 address that is written as an IPv6 one,
// mapped or for NAT64, is judged as what it is; one with a zone is none.
func Global(ip netip.Addr) bool {
	if ip.Zone() != "" {
		return false
	}
	if ip = ip.Unmap(); nat64.Contains(ip) {
		ip = embedded(ip)
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// IsNAT64 reports whether an address stands for an IPv4 one behind NAT64.
func IsNAT64(ip netip.Addr) bool { return nat64.Contains(ip) }

func embedded(ip netip.Addr) netip.Addr {
	b := ip.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}

// Local reports whether an address is surely of this machine or its own network:
// loopback, private (RFC 1918, RFC 4193), link-local, or unspecified, which is
// dialled as this machine. What may be heard there only goes unencrypted there alone.
func Local(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}
