package reference

import "github.com/pamlab/pamlab/mllp"

// GAMClient returns the client of a GAM: what is wrong with its connections, its
// TLS and its patience is in it. It is for those who send in another way; see
// [NewSpoiler] and [NewClerk] for the messages. plain is nil unless the bug
// gam-plain-fallback is on: then it is tried wherever client is turned away.
func GAMClient(opt GAMOptions) (client, plain *mllp.Client, err error) {
	l := &line{}
	if err := l.open(opt); err != nil {
		return nil, nil, err
	}
	return l.secure, l.plain, nil
}
