package simulate

import (
	"slices"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/scenarios/store"
)

// refusals are movements (ZBE-1) whose message was parked, with its id. It keeps
// as many as are worth while, the latest.
type refusals struct{ young, old map[string]int64 }

// add remembers the movement that a parked message was to insert.
func (r *refusals) add(rec *store.Record) {
	id, action := movement(rec.Message)
	if id == "" || action != "INSERT" {
		return
	}
	if len(r.young) >= mostRefused/2 {
		r.old, r.young = r.young, nil
	}
	if r.young == nil {
		r.young = map[string]int64{}
	}
	r.young[id] = rec.ID
}

// under returns the parked message that a message rests upon: one that corrects
// or cancels a movement which the receiver does not have.
func (r *refusals) under(rec *store.Record) (int64, bool) {
	if len(r.young)+len(r.old) == 0 {
		return 0, false
	}
	id, action := movement(rec.Message)
	if action != "UPDATE" && action != "CANCEL" {
		return 0, false
	}
	if parked, ok := r.young[id]; ok {
		return parked, true
	}
	parked, ok := r.old[id]
	return parked, ok
}

// movement returns ZBE-1 and ZBE-4.
func movement(message []byte) (id, action string) {
	m, err := hl7.Parse(message)
	if err != nil {
		return "", ""
	}
	return m.Get("ZBE-1.1"), m.Get("ZBE-4")
}

// renumber gives a message another MSH-10, as a fault wants.
func renumber(rec *store.Record) {
	m, err := hl7.Parse(rec.Message)
	if err != nil {
		return
	}
	id := "R" + rec.ControlID
	if m.Set(hl7.MustPath("MSH-10"), id[:min(len(id), 20)]) == nil {
		rec.ControlID, rec.Message = id[:min(len(id), 20)], slices.Clone(m.Bytes())
	}
}

func backwards(list []*store.Record) { slices.Reverse(list) }
