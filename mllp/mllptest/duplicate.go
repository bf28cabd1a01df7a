package mllptest

import "net"

// Duplicate sends blocks again: a sender that was restarted and does not know
// how far it got, an engine that tries again because an answer came late. The
// receiver sees the same MSH-10 twice.
//
// A block ends with 0x1C 0x0D, whatever came before. Its bytes go out as they
// are written; after the last of them, in the same Write, the block goes out
// again, in one piece.
type Duplicate struct {
	// Times is how many more times a block is sent; 0 is once.
	Times int
	// Every is which blocks: each Every-th, the first of them the Every-th. 0 is
	// every block.
	Every int
}

// Wrap returns c with the fault.
func (f Duplicate) Wrap(nc net.Conn) net.Conn {
	c := newConn(nc)
	var (
		all   blocks
		count int
	)
	c.write = func(p []byte) (total int, err error) {
		for len(p) > 0 {
			n, block := all.next(p)
			m, err := c.put(p[:n])
			if total += m; err != nil {
				return total, err
			}
			p = p[n:]
			if block == nil {
				continue
			}
			if count++; count%max(f.Every, 1) != 0 {
				continue
			}
			if err := f.again(nc, block); err != nil {
				return total, err
			}
		}
		return total, nil
	}
	return c
}

// again writes a block as many more times as it is to be sent.
func (f Duplicate) again(to net.Conn, block []byte) error {
	for range max(f.Times, 1) {
		if _, err := to.Write(block); err != nil {
			return err
		}
	}
	return nil
}
