package listen

import (
	"cmp"
	"context"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/pam/sequence"
	"github.com/pamlab/pamlab/scenarios/reference"
	"github.com/pamlab/pamlab/scenarios/store"
)

// probeKey is what is written to see whether the store works again.
const probeKey = "listen.probe"

// enter lets a message in, and holds mu for reading when it returns nil. After a
// failure of the store it first makes sure that the store writes again, and that
// the memory has what the store has: a sender that keeps trying while the disk is
// full costs one small write each time.
func (st *station) enter(ctx context.Context, dmn *reference.DMN) error {
	for {
		st.mu.RLock()
		if !st.stale.Load() {
			return nil
		}
		st.mu.RUnlock()
		if err := st.renew(ctx, dmn); err != nil {
			return err
		}
	}
}

func (st *station) renew(ctx context.Context, dmn *reference.DMN) error {
	if err := st.srv.opt.Store.SetState(ctx, probeKey, []byte("1")); err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.stale.Load() {
		return nil // another one was here
	}
	// Without content the record cannot be recalled: what the device did it keeps,
	// and the message, when it comes again, is not applied again.
	if st.srv.opt.Store.HasContent() {
		if err := st.recall(ctx, dmn); err != nil {
			return err
		}
	}
	st.stale.Store(false)
	return nil
}

// recall makes the memory of the device and of the judge anew from the store.
func (st *station) recall(ctx context.Context, dmn *reference.DMN) error {
	dmn.Reset()
	if st.judge != nil {
		st.tracker = sequence.New(sequence.Options{Settings: st.Settings})
	}
	s, most := st.srv.opt.Store, cmp.Or(st.srv.opt.Recall, DefaultRecall)
	if s == nil || most < 0 {
		return nil
	}
	last, err := s.Last(ctx)
	if err != nil {
		return err
	}
	var report rules.Report
	filter := store.Filter{Direction: store.Received, After: last - int64(most)}
	for r, err := range s.List(ctx, filter) {
		switch {
		case err != nil:
			return err
		case r.Listener != st.name():
			continue
		case r.Message == nil:
			dmn.RecallMemo(r.Memo)
			continue
		}
		dmn.Recall(ctx, r.Message, r.Answer)
		if st.judge == nil {
			continue
		}
		if m, err := hl7.Parse(r.Message); err == nil {
			st.judge.Message(&report, m)
			st.tracker.Follow(&report)
		}
	}
	return nil
}
