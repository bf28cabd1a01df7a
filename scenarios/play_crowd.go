package scenarios

import (
	"context"
	"errors"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/pamlab/pamlab/mllp"
)

// crowdAtOnce is how many connections of a crowd are being opened at a time.
const crowdAtOnce = 32

// crowd opens connections that say nothing, and holds them until the play ends.
// How many there may be is the candidate's affair, as long as it serves others:
// our own connection is given up before, and when one cannot be opened no more are
// tried.
func (s *stage) crowd(ctx context.Context, step *Step) (*outcome, error) {
	config, err := s.tlsConfig(*step.Connect)
	if err != nil {
		return nil, err
	}
	if err := s.reconnect(step); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var first error // that kept one from being opened
	opened := 0
	var group errgroup.Group
	group.SetLimit(crowdAtOnce)
	full := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return first != nil
	}
	for range step.Connect.Crowd {
		if full() {
			break
		}
		group.Go(func() error {
			limits := s.player.Candidate.Limits
			client := &mllp.Client{
				Addr: s.player.Candidate.Address, TLSConfig: config,
				ConnectTimeout: limits.Connect, HandshakeTimeout: limits.Handshake,
			}
			_, err := client.Connect(ctx)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				opened++
				s.aside = append(s.aside, client)
			} else if first == nil {
				first = err
			}
			return nil
		})
	}
	_ = group.Wait()
	if errors.Is(first, syscall.EMFILE) || errors.Is(first, syscall.ENFILE) {
		return nil, &blocked{Textf("trop de connexions pour cette machine après %d : relevez la limite des fichiers ouverts (ulimit -n)",
			"too many connections for this machine after %d: raise the limit of open files (ulimit -n)", opened)}
	}
	note := Textf("%d connexions muettes ouvertes sur %d", "%d silent connections opened of %d", opened, step.Connect.Crowd)
	if first != nil {
		note.FR, note.EN = note.FR+" ; "+inLang(first, "fr"), note.EN+"; "+inLang(first, "en")
	}
	s.write(Event{Kind: Note, Step: step.ID, Note: &note})
	out := &outcome{client: s.client, crowd: true}
	if opened == 0 {
		out.err = first
		s.tellFailure(step, first)
	}
	return out, nil
}
