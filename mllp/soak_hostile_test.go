package mllp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/mllp/pki"
)

const (
	hostileLife  = 3 * time.Second // of a connection, at most
	hostileEvery = time.Second     // between two connections of one peer, at least
)

// A hostileKind is one way to trouble a server. play has one connection, or a
// few, and ends with the connection's deadline at the latest.
type hostileKind struct {
	name string
	play func(h *hostilePeer) error
}

// A hostilePeer is one of the crowd.
type hostilePeer struct {
	ctx    context.Context
	addr   string
	dialer *net.Dialer
	odd    bool // every second one
}

// soakHostile lets hostile peers loose until ctx ends.
func soakHostile(t *testing.T, ctx context.Context, task childTask) {
	dialer := new(net.Dialer)
	if runtime.GOOS == "linux" {
		// All of 127/8 is this machine: the good peers have another address.
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}
	}
	kinds := hostileKinds(t, task.Dir)
	var (
		mu    sync.Mutex
		last  = childReport{Kinds: map[string]int{}}
		crowd sync.WaitGroup
	)
	for _, k := range kinds {
		require.NotContains(t, last.Kinds, k.name)
		last.Kinds[k.name] = 0
	}
	for i := range task.Hostile {
		h := &hostilePeer{ctx: ctx, addr: task.Addr, dialer: dialer, odd: i%2 == 1}
		crowd.Go(func() {
			for n, wait := i, hostileEvery*time.Duration(i)/time.Duration(task.Hostile); h.pause(wait); n++ {
				k := kinds[n%len(kinds)]
				start := time.Now()
				err := k.play(h)
				mu.Lock()
				last.Kinds[k.name]++
				if err != nil && ctx.Err() == nil {
					last.Refused++
				}
				mu.Unlock()
				wait = hostileEvery - time.Since(start)
			}
		})
	}
	reportUntil(ctx)
	crowd.Wait()
	reportNow(last)
}

// pause waits, and reports whether to go on.
func (h *hostilePeer) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
	case <-h.ctx.Done():
	}
	return h.ctx.Err() == nil
}

// dial opens a connection.
func (h *hostilePeer) dial() (net.Conn, error) { return h.dialer.DialContext(h.ctx, "tcp", h.addr) }

// life makes a connection end after hostileLife, or when the soak does. The
// function that it returns closes it.
func (h *hostilePeer) life(c net.Conn) func() {
	c.SetDeadline(time.Now().Add(hostileLife))
	stop := context.AfterFunc(h.ctx, func() { c.Close() })
	return func() {
		stop()
		c.Close()
	}
}

// over makes a kind of what is done on a TLS connection, below which there may
// be a fault. Whatever comes of the handshake, do is called.
func over(name string, config *tls.Config, below mllptest.Fault, do func(h *hostilePeer, c net.Conn)) hostileKind {
	config = config.Clone()
	config.ServerName = "localhost"
	return under(name, func(h *hostilePeer, c net.Conn) {
		if below != nil {
			c = below.Wrap(c)
			defer h.life(c)()
		}
		tc := tls.Client(c, config)
		tc.Handshake()
		do(h, tc)
	})
}

// under makes a kind of what is done on a TCP connection.
func under(name string, do func(h *hostilePeer, c net.Conn)) hostileKind {
	return hostileKind{name, func(h *hostilePeer) error {
		c, err := h.dial()
		if err != nil {
			return err
		}
		defer h.life(c)()
		do(h, c)
		return nil
	}}
}

// hostileKinds are all of them.
func hostileKinds(t *testing.T, dir string) []hostileKind {
	config := clientConfig(t, soakFiles(dir, "gam"))
	var all []hostileKind
	for _, c := range mllptest.Cases() {
		all = append(all, over("case: "+c.Name, config, nil, func(h *hostilePeer, conn net.Conn) {
			for _, p := range c.Pieces() {
				conn.Write(p)
			}
			if h.odd {
				conn.(*tls.Conn).CloseWrite()
			}
			io.Copy(io.Discard, conn)
		}))
	}
	blocks := bytes.Repeat(mllp.AppendFrame(nil, []byte(mllptest.First)), 3)
	talk := func(h *hostilePeer, c net.Conn) {
		c.Write(blocks)
		io.Copy(io.Discard, c)
	}
	for name, f := range faultsAbove() {
		all = append(all, over("fault: "+name, config, nil, func(h *hostilePeer, c net.Conn) {
			c = f.Wrap(c)
			defer h.life(c)()
			talk(h, c)
		}))
	}
	for name, f := range faultsBelow() {
		all = append(all, over("fault below TLS: "+name, config, f, talk))
	}
	for _, f := range pki.Faults() {
		files := mllp.Files{CA: filepath.Join(dir, "ca.pem"), AnyIdentity: true}
		files.Cert, files.Key = filepath.Join(dir, "bad", f.Name+".pem"), filepath.Join(dir, "bad", f.Name+"-key.pem")
		all = append(all, over("identity: "+f.Name, clientConfig(t, files), nil, talk))
	}
	anonymous := clientConfig(t, mllp.Files{CA: filepath.Join(dir, "ca.pem")})
	old := anonymous.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	all = append(all, over("anonymous", anonymous, nil, talk), over("TLS 1.1", old, nil, talk))
	return append(all, otherKinds(config, talk)...)
}

// faultsAbove are faults of the protocol.
func faultsAbove() map[string]mllptest.Fault {
	block := mllp.AppendFrame(nil, []byte(mllptest.First))
	return map[string]mllptest.Fault{
		"latency":             mllptest.Latency{Delay: 200 * time.Millisecond},
		"drip":                mllptest.Drip{Every: 10 * time.Millisecond},
		"one byte a second":   mllptest.Drip{Every: time.Second},
		"cut":                 mllptest.Cut{After: 50},
		"reset":               mllptest.Reset{After: 50},
		"half-close":          mllptest.HalfClose{After: 50},
		"abrupt half-close":   mllptest.HalfClose{After: 50, Abrupt: true},
		"flood of bytes":      mllptest.Flood{At: 50, Size: 64 << 20},
		"flood of messages":   mllptest.Flood{At: int64(len(block)), Bytes: block, Size: 64 << 10},
		"stall":               mllptest.Stall{After: 50},
		"stall, then goes on": mllptest.Stall{After: 50, For: time.Second},
		"never reads":         mllptest.Faults{mllptest.Stall{Read: true}, mllptest.Flood{Bytes: mllp.AppendFrame(nil, bytes.Repeat([]byte("x"), 64<<10))}},
		"corrupt":             mllptest.Corrupt{Rate: 0.02, Seed: 1},
		"duplicate":           mllptest.Duplicate{Times: 20},
		"reorder":             mllptest.Reorder{Group: 3, Shuffle: 1},
	}
}

// faultsBelow are faults of the network: they begin in the handshake, or soon
// after.
func faultsBelow() map[string]mllptest.Fault {
	return map[string]mllptest.Fault{
		"latency":    mllptest.Latency{Delay: 200 * time.Millisecond},
		"drip":       mllptest.Drip{Chunk: 7, Every: time.Millisecond},
		"cut":        mllptest.Cut{After: 200},
		"reset":      mllptest.Reset{After: 200},
		"half-close": mllptest.HalfClose{After: 200},
		"flood":      mllptest.Flood{At: 200, Size: 1 << 20},
		"stall":      mllptest.Stall{After: 200},
		"stall late": mllptest.Stall{After: 2000},
		"corrupt":    mllptest.Corrupt{Rate: 0.005, Seed: 1},
	}
}

// otherKinds are those that are no fault of a connection, or more than one.
func otherKinds(config *tls.Config, talk func(*hostilePeer, net.Conn)) []hostileKind {
	silent := func(h *hostilePeer, c net.Conn) { io.Copy(io.Discard, c) }
	chance := func(h *hostilePeer, c net.Conn) {
		b := make([]byte, 1000)
		for i := range b {
			b[i] = byte(rand.IntN(256))
		}
		c.Write(b)
		io.Copy(io.Discard, c)
	}
	many := func(end mllptest.Fault) func(*hostilePeer) error {
		return func(h *hostilePeer) error {
			for range 10 {
				c, err := h.dial()
				if err != nil {
					return err
				}
				c = end.Wrap(c)
				c.Write([]byte{0x16})
				c.Close()
			}
			return nil
		}
	}
	return []hostileKind{
		under("says nothing", silent),
		over("says nothing over TLS", config, nil, silent),
		under("plain text", talk),
		under("anything", chance),
		over("anything over TLS", config, nil, chance),
		under("HTTP", func(h *hostilePeer, c net.Conn) {
			io.WriteString(c, "GET / HTTP/1.1\r\n"+strings.Repeat("X: y\r\n", 100)+"\r\n")
			io.Copy(io.Discard, c)
		}),
		{"come and go", many(mllptest.Cut{After: 1})},
		{"come and reset", many(mllptest.Reset{After: 1})},
	}
}
