package reference

import "github.com/pamlab/pamlab/mllp"

// GAMClient returns the client of a GAM: what is wrong with its connections, its
// TLS and its patience is in it. It is for those who make messages in another way,
// see [NewSpoiler]. The bug gam-plain-fallback, which takes two clients, is not in
// it.
func GAMClient(opt GAMOptions) (*mllp.Client, error) {
	l := &line{}
	if err := l.open(opt); err != nil {
		return nil, err
	}
	return l.secure, nil
}
