package scenarios

import (
	"net"

	"github.com/pamlab/pamlab/hl7"
)

// Spoil has every message that a player builds spoiled, as a fault of ours
// would do it.
func (p *Player) Spoil(f func(*hl7.Message)) { p.spoil = f }

// ListenWith has the player listen otherwise than on harness.listen.
func (p *Player) ListenWith(listen func(addr string) (net.Listener, error)) { p.listen = listen }
