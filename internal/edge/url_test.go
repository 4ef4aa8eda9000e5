package edge

import (
	"net"
	"testing"
)

func TestURLCanBeOpened(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  Config
		addr net.TCPAddr
		want string
	}{
		{Config{}, net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, "http://127.0.0.1:8080"},
		{Config{}, net.TCPAddr{IP: net.IPv6unspecified, Port: 80}, "http://localhost:80"},
		{Config{TLSCert: "c", TLSKey: "k"}, net.TCPAddr{IP: net.IPv4zero, Port: 443}, "https://localhost:443"},
		{Config{}, net.TCPAddr{IP: net.IPv6loopback, Port: 1}, "http://[::1]:1"},
		{Config{PublicURL: "https://chat.example.org/"}, net.TCPAddr{}, "https://chat.example.org"},
	} {
		s := &Server{cfg: c.cfg, addr: &c.addr}
		if got := s.URL(); got != c.want {
			t.Errorf("%+v at %s: %s, want %s", c.cfg, &c.addr, got, c.want)
		}
	}
}
