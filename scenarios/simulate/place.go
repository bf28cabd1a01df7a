package simulate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/store"
)

// placeKey is where a store keeps its Place.
const placeKey = "simulate"

// A Place is how far a hospital has lived, and which hospital.
type Place struct {
	Seed        uint64    `json:"seed"`
	Start       time.Time `json:"start"`
	Fingerprint string    `json:"fingerprint"` // of everything else that decides what is told
	Told        int64     `json:"told"`        // events
	At          time.Time `json:"at"`          // of the last one
	ControlID   string    `json:"control_id"`
	Digest      string    `json:"digest"` // of its bytes
}

// ReadPlace returns the place that a store keeps, nil for none.
func ReadPlace(ctx context.Context, st *store.Store) (*Place, error) {
	data, err := st.State(ctx, placeKey)
	if err != nil || data == nil {
		return nil, err
	}
	p := &Place{}
	if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("simulate: the place in the store is not readable: %w", err)
	}
	return p, nil
}

// bytes is what a store keeps.
func (p *Place) bytes() []byte {
	data, err := json.Marshal(p)
	if err != nil {
		panic(err) // no value of a Place can do that
	}
	return data
}

// pass moves the place behind an event.
func (p *Place) pass(e *hospital.Event) {
	p.Told++
	p.At, p.ControlID, p.Digest = e.At, e.ControlID, digest(e.Message)
}

func digest(message []byte) string {
	sum := sha256.Sum256(message)
	return hex.EncodeToString(sum[:8])
}

// A Source is where events come from: a *hospital.Hospital.
type Source interface {
	Next() (hospital.Event, error)
}

// liveUpTo brings a new hospital to a place. It fails when it comes out somewhere
// else: what would follow would not be what was told.
func liveUpTo(ctx context.Context, s Source, p *Place) error {
	var last hospital.Event
	for n := range p.Told {
		e, err := s.Next()
		if err != nil {
			return err
		}
		if last = e; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if p.Told > 0 && (last.ControlID != p.ControlID || digest(last.Message) != p.Digest) {
		return &PlaceError{}
	}
	return nil
}

// A PlaceError says that a store was begun by another hospital.
type PlaceError struct{}

func (e *PlaceError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en".
func (e *PlaceError) In(lang string) string {
	if lang == "fr" {
		return "ce fichier a été commencé par un autre hôpital : autre description, autre graine, autres options, ou une autre version de pamlab"
	}
	return "this store was begun by another hospital: another description, seed or options, or another version of pamlab"
}

// Hint returns what to do about it.
func (e *PlaceError) Hint(lang string) string {
	if lang == "fr" {
		return "reprenez avec les mêmes options, ou commencez un autre fichier (--store)"
	}
	return "go on with the same options, or begin another store (--store)"
}
