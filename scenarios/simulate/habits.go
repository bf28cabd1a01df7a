package simulate

// Habits are faults of sending, those of the reference GAM: a receiver is tested
// by whether it notices.
type Habits struct {
	WrongOrder           bool // the last message that waits goes first
	Overtakes            bool // the next messages of a patient do not wait for one that does
	ResendsRefused       bool // after AE too
	NeverRetries         bool
	NewIDOnRetry         bool
	LosesAfterRefusal    bool // the next message of the patient
	StopsAfterRefusal    bool
	ConnectionPerMessage bool
	DoesNotWait          bool // for an answer before the next messages
	TakesAnyAnswer       bool // whatever MSA-2
}

// HabitsOf returns the habits that names of bugs of the reference GAM stand for,
// and the names that stand for none.
func HabitsOf(bugs []string) (h Habits, others []string) {
	known := map[string]*bool{
		"gam-wrong-order": &h.WrongOrder, "gam-overtakes": &h.Overtakes, "gam-resends-refused": &h.ResendsRefused,
		"gam-never-retries": &h.NeverRetries, "gam-new-id-on-retry": &h.NewIDOnRetry, "gam-loses-after-refusal": &h.LosesAfterRefusal,
		"gam-stops-after-refusal": &h.StopsAfterRefusal, "gam-connection-per-message": &h.ConnectionPerMessage, "gam-takes-any-answer": &h.TakesAnyAnswer,
		"gam-does-not-wait": &h.DoesNotWait,
	}
	for _, name := range bugs {
		if on := known[name]; on != nil {
			*on = true
			continue
		}
		others = append(others, name)
	}
	return h, others
}
