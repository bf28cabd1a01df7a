package simulate_test

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/internal/leak"
	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/mllptest"
	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

// No test may leave a goroutine of this package behind.
func TestMain(m *testing.M) {
	os.Exit(leak.Check(m.Run(), "pamlab/scenarios/simulate."))
}

var start = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// receiver is what a simulation sends to. It answers as it is told to, and AA
// otherwise, and keeps what it took in the order in which it came.
type receiver struct {
	network *mllptest.Network
	server  *mllp.Server

	mu      sync.Mutex
	seen    []*hl7.Message // each attempt
	times   []time.Time
	answer  func(n int, m *hl7.Message) string // by the number of the attempt; "" is AA, "-" no answer
	serving sync.WaitGroup
}

func receive(t *testing.T, answer func(int, *hl7.Message) string) *receiver {
	t.Helper()
	r := &receiver{network: mllptest.NewNetwork(), answer: answer}
	r.server = &mllp.Server{Handler: r}
	r.serving.Go(func() { _ = r.server.Serve(r.network) })
	return r
}

func (r *receiver) close() {
	_ = r.server.Close()
	r.serving.Wait()
}

func (r *receiver) ServeMLLP(w mllp.ResponseWriter, req *mllp.Request) {
	m, err := hl7.Parse(slices.Clone(req.Payload))
	if err != nil {
		return
	}
	r.mu.Lock()
	n := len(r.seen)
	r.seen, r.times = append(r.seen, m), append(r.times, time.Now())
	r.mu.Unlock()
	code := ""
	if r.answer != nil {
		code = r.answer(n, m)
	}
	if code == "-" {
		return
	}
	if code == "" {
		code = "AA"
	}
	id := m.Get("MSH-10")
	if code == "other" {
		code, id = "AA", "SOMETHING ELSE"
	}
	ack := fmt.Sprintf("MSH|^~\\&|D|L|G|L|20260302060000||ACK|K%d|P|2.5\rMSA|%s|%s\r", n, code[:2], id)
	if len(code) > 2 {
		ack += "ERR|||" + code[3:] + "|E\r"
	}
	_ = w.WriteMessage([]byte(ack))
}

func (r *receiver) client() *mllp.Client {
	return &mllp.Client{Addr: "dmn.test:2575", Dial: r.network.Dial, AnswerTimeout: 2 * time.Second}
}

// ids are the MSH-10 of the attempts, in their order.
func (r *receiver) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, m := range r.seen {
		all = append(all, m.Get("MSH-10"))
	}
	return all
}

func source(t testing.TB) *hospital.Hospital {
	t.Helper()
	c, err := hospital.Load("../hospital/testdata/small.yaml")
	require.NoError(t, err)
	return hospital.New(c, hospital.Options{Seed: 5, Start: start})
}

// told are the first messages of the source.
func told(t testing.TB, n int) (ids []string) {
	t.Helper()
	h := source(t)
	for range n {
		e, err := h.Next()
		require.NoError(t, err)
		ids = append(ids, e.ControlID)
	}
	return ids
}

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{})
	require.NoError(t, err)
	return st
}

func options(t *testing.T, st *store.Store, count int64, ds ...simulate.Destination) simulate.Options {
	t.Helper()
	return simulate.Options{
		Store: st, Source: source(t), Place: simulate.Place{Seed: 5, Start: start, Fingerprint: "small"},
		Destinations: ds, Count: count, Drain: 10 * time.Minute,
	}
}

func to(name string, r *receiver) simulate.Destination {
	return simulate.Destination{Name: name, Client: r.client()}
}

// parked are the reasons for which messages are parked, by MSH-10.
func parked(t *testing.T, st *store.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for rec, err := range st.List(t.Context(), store.Filter{State: store.Parked}) {
		require.NoError(t, err)
		all[rec.ControlID] = rec.Error
	}
	return all
}
