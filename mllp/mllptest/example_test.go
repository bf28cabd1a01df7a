package mllptest_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
)

// show wraps one end of a connection, writes to it, and prints what arrives at
// the other.
func show(f mllptest.Fault, write string) {
	near, far := mllptest.Pipe()
	done := make(chan error)
	go func() {
		got, err := io.ReadAll(far)
		fmt.Printf("the peer reads %q, %v\n", got, err)
		far.Close()
		close(done)
	}()
	c := f.Wrap(near)
	_, err := io.WriteString(c, write)
	fmt.Println("Write:", err)
	c.Close()
	<-done
}

const twoBlocks = "\x0bfirst\x1c\r\x0bsecond\x1c\r"

func ExampleLatency() {
	start := time.Now()
	show(mllptest.Latency{Delay: 20 * time.Millisecond}, "hello")
	fmt.Println(time.Since(start) >= 20*time.Millisecond)
	// Output:
	// Write: <nil>
	// the peer reads "hello", <nil>
	// true
}

func ExampleDrip() {
	near, far := mllptest.Pipe()
	go func() {
		c := mllptest.Drip{Chunk: 2, Every: time.Millisecond}.Wrap(near)
		c.Write([]byte("hello"))
		c.Close()
	}()
	p := make([]byte, 100)
	for {
		n, err := far.Read(p)
		if err != nil {
			break
		}
		fmt.Printf("%s ", p[:n])
	}
	// Output: he ll o
}

func ExampleStall() {
	near, far := mllptest.Pipe()
	go io.Copy(io.Discard, far)
	c := mllptest.Stall{After: 3}.Wrap(near)
	defer c.Close()
	c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	n, err := c.Write([]byte("hello"))
	fmt.Println(n, errors.Is(err, os.ErrDeadlineExceeded))
	// Output: 3 true
}

func ExampleCut() {
	near, far := mllptest.Pipe()
	written := make(chan error)
	go func() {
		_, err := mllptest.Cut{After: 3}.Wrap(near).Write([]byte("\x0bMSH|"))
		written <- err
	}()
	_, err := mllp.NewReader(far, 0).ReadFrame()
	fmt.Println(err)
	err = <-written
	fmt.Println(errors.Is(err, mllptest.ErrFault), err)
	// Output:
	// the stream ends inside a block, 3 bytes after its start (stream offset 0)
	// true mllptest: ended by a fault: cut after 3 bytes: use of closed network connection
}

func ExampleReset() {
	near, far := mllptest.Pipe()
	go mllptest.Reset{After: 3}.Wrap(near).Write([]byte("hello"))
	got, err := io.ReadAll(far)
	fmt.Printf("%s, %v\n", got, err)
	// Output: hel, read pipe pipe: connection reset by peer
}

func ExampleHalfClose() {
	near, far := mllptest.Pipe()
	go func() {
		question, _ := io.ReadAll(far)
		fmt.Fprintf(far, "re:%s", question)
		far.Close()
	}()
	c := mllptest.HalfClose{After: 5}.Wrap(near)
	c.Write([]byte("hello"))
	answer, err := io.ReadAll(c)
	fmt.Printf("%s, %v\n", answer, err)
	// Output: re:hello, <nil>
}

func ExampleFlood() {
	show(mllptest.Flood{At: 3, Bytes: []byte("xyz"), Size: 8}, "hello")
	// Output:
	// Write: <nil>
	// the peer reads "helxyzxyzxylo", <nil>
}

func ExampleCorrupt() {
	show(mllptest.Corrupt{At: 0, Byte: ' '}, "\x0bfirst\x1c\r")
	// Output:
	// Write: <nil>
	// the peer reads " first\x1c\r", <nil>
}

func ExampleDuplicate() {
	show(mllptest.Duplicate{Every: 2}, twoBlocks)
	// Output:
	// Write: <nil>
	// the peer reads "\vfirst\x1c\r\vsecond\x1c\r\vsecond\x1c\r", <nil>
}

func ExampleReorder() {
	show(mllptest.Reorder{}, twoBlocks)
	// Output:
	// Write: <nil>
	// the peer reads "\vsecond\x1c\r\vfirst\x1c\r", <nil>
}

func ExampleFaults() {
	show(mllptest.Faults{mllptest.Corrupt{At: 1, Byte: 'a'}, mllptest.Cut{After: 4}}, "hello")
	// Output:
	// Write: mllptest: ended by a fault: cut after 4 bytes: use of closed network connection
	// the peer reads "hall", <nil>
}

// Every second connection of a client is cut in the middle of a message.
func ExampleDialer() {
	d := &mllptest.Dialer{
		Fault: mllptest.Cut{After: 10},
		Pick:  mllptest.Pick{Every: 2},
	}
	client := &mllp.Client{Addr: "dmn.test:2575", Dial: d.DialContext}
	defer client.Close()
	fmt.Println(d.Pick.Takes(1), d.Pick.Takes(2))
	// Output: false true
}

// A server whose peers are far away, and its third one in trouble.
func ExampleListener() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	far := &mllptest.Listener{Listener: l, Fault: mllptest.Latency{Delay: 80 * time.Millisecond}}
	third := &mllptest.Listener{Listener: far, Fault: mllptest.Reset{After: 100}, Pick: mllptest.Pick{Nth: 3}}
	defer third.Close()
}
