package mllp_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pamlab/pamlab/mllp"
)

// What a good message begins with: the number of the client, and that of its
// message, from 1. The rest makes it as long as a French ADT message.
const goodMark = "good"

var goodRest = bytes.Repeat([]byte("ZBE|1^GAM|20260105101500||INSERT|N||^^^^^^UF^^^6268|\r"), 18)

func goodMessage(client int, seq uint64) []byte {
	return append(fmt.Appendf(nil, "%s|%d|%d|\r", goodMark, client, seq), goodRest...)
}

func goodAnswer(client int, seq uint64) []byte { return fmt.Appendf(nil, "ack|%d|%d|", client, seq) }

// numbered finds the numbers in a good message.
func numbered(payload []byte) (client int, seq uint64, ok bool) {
	f := bytes.SplitN(payload, []byte("|"), 4)
	if len(f) != 4 || string(f[0]) != goodMark {
		return 0, 0, false
	}
	client, err := strconv.Atoi(string(f[1]))
	if err != nil {
		return 0, 0, false
	}
	seq, err = strconv.ParseUint(string(f[2]), 10, 64)
	return client, seq, err == nil
}

// goodPeers are the clients that must not notice anything.
type goodPeers struct {
	clients []*mllp.Client
	seq     []uint64 // of the last message
}

// goodResult is what came of exchanging for a while.
type goodResult struct {
	acks     []ack    // by the time they took
	lost     int      // messages without acknowledgement
	wrong    int      // acknowledgements of another message
	extra    int      // acknowledgements of nothing, or anything else odd
	reopened int      // connections that ended
	problems []string // some of it in words
}

// An ack is when a message was due, and how long after that it was acknowledged.
type ack struct {
	due  time.Time
	took time.Duration
}

// within is the time within which a part of the messages, in percent, was
// acknowledged.
func within(sorted []ack, percent float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(int(math.Ceil(percent/100*float64(len(sorted))))-1, 0)].took
}

// typical99 is within of 99 % in a typical second: the median over the seconds.
// A second in which the machine did something else does not count.
func (r goodResult) typical99() time.Duration {
	seconds := map[int64][]ack{}
	for _, a := range r.acks {
		seconds[a.due.Unix()] = append(seconds[a.due.Unix()], a)
	}
	return quantile(slices.Collect(maps.Values(seconds)), 1, 2, func(s []ack) time.Duration { return within(s, 99) })
}

// patient is a client that waits for long.
func patient(addr string, config *tls.Config) *mllp.Client {
	return &mllp.Client{
		Addr: addr, TLSConfig: config,
		ConnectTimeout: soakPatience, HandshakeTimeout: soakPatience, WriteTimeout: soakPatience, AnswerTimeout: soakPatience,
	}
}

// connectGood opens the connections, a few at a time, and does two exchanges on
// each: with the second, the client has learned that the server keeps them.
func connectGood(t *testing.T, addr, dir string, n int) *goodPeers {
	t.Helper()
	config := clientConfig(t, soakFiles(dir, "gam"))
	p := &goodPeers{seq: make([]uint64, n)}
	for range n {
		p.clients = append(p.clients, patient(addr, config))
	}
	t.Cleanup(p.close)
	var all sync.WaitGroup
	failed := make(chan error, n)
	turns := make(chan struct{}, 20)
	for i := range p.clients {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			for range 2 {
				var r goodResult
				p.once(t.Context(), i, time.Now(), &r)
				if r.problems != nil {
					failed <- fmt.Errorf("client %d: %s", i, r.problems[0])
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	require.NoError(t, <-failed)
	return p
}

// exchange has every client send a message each soakEvery, the clients evenly
// spread over that time.
func (p *goodPeers) exchange(ctx context.Context, length time.Duration) goodResult {
	results := make([]goodResult, len(p.clients))
	start := time.Now()
	var all sync.WaitGroup
	for i := range p.clients {
		all.Go(func() {
			first := start.Add(soakEvery * time.Duration(i) / time.Duration(len(p.clients)))
			for due := first; due.Before(start.Add(length)); due = due.Add(soakEvery) {
				time.Sleep(time.Until(due))
				p.once(ctx, i, due, &results[i])
			}
		})
	}
	all.Wait()
	var sum goodResult
	for _, r := range results {
		sum.acks = append(sum.acks, r.acks...)
		sum.lost, sum.wrong, sum.extra, sum.reopened = sum.lost+r.lost, sum.wrong+r.wrong, sum.extra+r.extra, sum.reopened+r.reopened
		if len(sum.problems) < 10 {
			sum.problems = append(sum.problems, r.problems...)
		}
	}
	slices.SortFunc(sum.acks, func(a, b ack) int { return cmp.Compare(a.took, b.took) })
	return sum
}

// once does one exchange.
func (p *goodPeers) once(ctx context.Context, i int, due time.Time, r *goodResult) {
	p.seq[i]++
	seq := p.seq[i]
	trouble := func(n *int, format string, args ...any) {
		*n++
		if len(r.problems) < 3 {
			r.problems = append(r.problems, fmt.Sprintf("client %d, message %d: ", i, seq)+fmt.Sprintf(format, args...))
		}
	}
	answer, err := p.clients[i].Do(ctx, goodMessage(i, seq))
	if err != nil {
		trouble(&r.lost, "%v", err)
		return
	}
	r.acks = append(r.acks, ack{due, time.Since(due)})
	if !bytes.Equal(answer.Payload, goodAnswer(i, seq)) {
		trouble(&r.wrong, "acknowledged with %q", answer.Payload)
	}
	if len(answer.Oddities) > 0 {
		trouble(&r.extra, "%v", answer.Oddities)
	}
	if answer.Reopened {
		trouble(&r.reopened, "the connection had ended")
	}
}

// sent is how many messages were sent.
func (p *goodPeers) sent() (n uint64) {
	for _, seq := range p.seq {
		n += seq
	}
	return n
}

func (p *goodPeers) close() {
	for _, c := range p.clients {
		c.Close()
	}
}
