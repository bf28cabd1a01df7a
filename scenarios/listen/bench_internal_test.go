package listen

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/store"
)

// nowhere is a connection that takes every answer.
type nowhere struct{}

func (nowhere) WriteMessage([]byte) error { return nil }
func (nowhere) WriteRaw([]byte) error     { return nil }
func (nowhere) CloseAfter()               {}

// BenchmarkExchange is one message judged, applied and stored in memory, without
// a connection: what of BenchmarkListen is work of this package and those below.
func BenchmarkExchange(b *testing.B) {
	kept, err := store.Open(b.Context(), store.Memory, store.Options{})
	require.NoError(b, err)
	defer kept.Close()
	st, err := newStation(&Server{opt: Options{Store: kept, Validate: true, Now: time.Now}}, Listener{Name: "dmn"})
	require.NoError(b, err)
	ready := make(chan struct{})
	close(ready)
	st.ready = ready
	dmn, err := reference.New(reference.Options{})
	require.NoError(b, err)
	list, err := rules.Example{Messages: []string{"A31"}, Edits: []string{"MSH-10=CONTROLID"}}.Build()
	require.NoError(b, err)
	message := list[0].Bytes()
	at := bytes.Index(message, []byte("CONTROLID"))
	require.Positive(b, at)
	conn := &mllp.Conn{RemoteAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		copy(message[at:], fmt.Appendf(nil, "%09d", n))
		st.serve(context.Background(), dmn, nowhere{}, &mllp.Request{Payload: message, Conn: conn, Received: time.Now()})
	}
}
