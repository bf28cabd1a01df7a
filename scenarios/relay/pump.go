package relay

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// What is read at once: little at first, since most connections carry messages
// of a kilobyte, one at a time.
const (
	firstPiece = 4 << 10
	mostPiece  = 64 << 10
)

// pump carries what one side says to the other, piece by piece, until it has
// ended.
func (l *link) pump(from Side) end {
	src, dst, carried := l.conn[from], l.conn[from.Other()], &l.r.figures.toFar
	if from == Far {
		carried = &l.r.figures.toNear
	}
	waiting := &l.writing[from.Other()]
	buf := make([]byte, firstPiece)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			now := time.Now()
			l.tap.offer(from, now, buf[:n]) // before it goes on, so that no answer is seen before its message
			waiting.Store(now.UnixNano())
			_, werr := dst.Write(buf[:n])
			waiting.Store(0)
			l.moved.Store(now.UnixNano())
			carried.Add(uint64(n))
			if werr != nil {
				return end{from: from, wrote: true, err: werr}
			}
			if n == len(buf) && n < mostPiece {
				buf = make([]byte, min(4*n, mostPiece))
			}
		}
		if err != nil {
			switch s := l.socket[from]; {
			case !errors.Is(err, io.EOF):
			case s != nil && s.ended.Load():
				err = errTruncated
			default:
				err = nil
			}
			return end{from: from, err: err}
		}
	}
}

// isReset reports whether a side has thrown its connection away.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// reset throws the connection to a side away, below TLS: what its own partner
// did.
func (l *link) reset(to Side) {
	switch c := l.raw[to].(type) {
	case *net.TCPConn:
		_ = c.SetLinger(0) // close then sends RST
		c.Close()
	case interface{ Reset() error }:
		_ = c.Reset()
	default:
		c.Close()
	}
}
