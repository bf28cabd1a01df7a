package mllp

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// hostOf is whose connection it is, for MaxConnsPerAddr: an IPv4 address, or
// the 64 bits of an IPv6 one that belong to one network, within which a machine
// may have as many as it wants. ok is false for what has no address.
func hostOf(addr net.Addr) (host netip.Addr, ok bool) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	host = tcp.AddrPort().Addr().Unmap().WithZone("")
	if host.Is6() {
		prefix, err := host.Prefix(64)
		if err != nil {
			return netip.Addr{}, false
		}
		host = prefix.Addr()
	}
	return host, host.IsValid()
}

// admit counts a connection for its host; false if this has too many.
func (s *Server) admit(c *serverConn) bool {
	most := s.MaxConnsPerAddr
	if most == 0 {
		most = DefaultMaxConnsPerAddr
	}
	host, ok := hostOf(c.facts.RemoteAddr)
	if most < 0 || !ok {
		return true
	}
	if s.hosts[host] >= most {
		s.refused++
		return false
	}
	s.hosts[host]++
	c.host = host
	return true
}

// dismiss uncounts a connection that admit has counted.
func (s *Server) dismiss(c *serverConn) {
	if !c.host.IsValid() {
		return
	}
	if s.hosts[c.host]--; s.hosts[c.host] == 0 {
		delete(s.hosts, c.host)
	}
}

// Stats are figures of a Server since it began.
type Stats struct {
	Conns      int    // open now
	Accepted   uint64 // in all, without the refused ones
	Refused    uint64 // closed at once, because of MaxConnsPerAddr
	Overloaded uint64 // closed because of MaxMemory
	Memory     int64  // what the buffers that MaxMemory bounds take now
}

// Stats returns the figures of the moment.
func (s *Server) Stats() Stats {
	s.init()
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{
		Conns: len(s.conns), Accepted: s.lastID.Load(), Refused: s.refused,
		Overloaded: s.memory.lost.Load(), Memory: s.memory.used.Load(),
	}
}

// How many warnings are logged in a while: a peer that makes a thousand
// connections fail must not fill the disk as well.
const (
	warnings      = 100
	warningPeriod = 10 * time.Second
)

// A quota lets some warnings through in each period and counts the others.
type quota struct {
	mu      sync.Mutex
	most    int
	since   time.Time
	passed  int
	dropped int
}

// take reports whether one more may pass, and how many have not since the last
// that did in a new period.
func (q *quota) take(now time.Time) (ok bool, dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Sub(q.since) >= warningPeriod {
		dropped = q.dropped
		q.since, q.passed, q.dropped = now, 0, 0
	}
	if q.passed < q.most {
		q.passed++
		return true, dropped
	}
	q.dropped++
	return false, 0
}

// warn logs a warning about a connection, unless there were too many of late.
func (s *Server) warn(q *quota, msg string, args ...any) {
	ok, dropped := q.take(time.Now())
	if !ok {
		return
	}
	if dropped > 0 {
		args = append(args, slog.Int("not_logged", dropped))
	}
	s.log().Warn(msg, args...)
}
