// Package sequence judges what one message cannot show: the order of messages
// about a patient, an account, a stay and its movements.
package sequence

import "github.com/pamlab/pamlab/hl7/pam/rules"

// Options say by what a Tracker judges and how much it remembers.
type Options struct {
	Settings rules.Settings
}

// A Tracker follows messages, one after the other.
type Tracker struct{ o Options }

// New returns a tracker that has seen nothing.
func New(o Options) *Tracker { return &Tracker{o} }

// Follow adds to the report what only the messages before can tell.
func (t *Tracker) Follow(r *rules.Report) {}
