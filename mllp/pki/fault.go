package pki

// Duty says what a peer owes to an identity that it is shown.
type Duty string

// The duties of a peer.
const (
	MustRefuse   Duty = "must-refuse"
	ShouldRefuse Duty = "should-refuse" // a recommendation, or an option that the peer may not claim
	MayRefuse    Duty = "may-refuse"    // open: a matter of the site's policy
	MustAccept   Duty = "must-accept"
)

// In says the duty in French ("fr") or English, in a word or two.
func (d Duty) In(lang string) string {
	switch d {
	case MustRefuse:
		return pick(lang, "refuser", "refuse")
	case ShouldRefuse:
		return pick(lang, "devrait refuser", "should refuse")
	case MayRefuse:
		return pick(lang, "au choix du site", "up to the site")
	}
	return pick(lang, "accepter", "accept")
}

// A Fault is one entry of the catalogue: an identity that is wrong in one way,
// or good in one that is less common.
type Fault struct {
	Name  string // also names its files: NAME.pem and NAME-key.pem
	Title Text

	// FromClient is what a server owes to a client that shows the identity,
	// FromServer what a client owes to a server that does.
	FromClient Duty
	FromServer Duty

	Why  Text
	Spec string // where it is written
}

// Faults is the catalogue, in the order in which it is shown.
func Faults() []Fault {
	var all []Fault
	for _, e := range catalogue() {
		all = append(all, e.Fault)
	}
	return all
}

func faultNames() []string {
	var all []string
	for _, f := range Faults() {
		all = append(all, f.Name)
	}
	return all
}
