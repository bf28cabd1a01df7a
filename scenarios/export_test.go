package scenarios

import "github.com/pamlab/pamlab/hl7"

// Spoil has every message that a player builds spoiled, as a fault of ours
// would do it.
func (p *Player) Spoil(f func(*hl7.Message)) { p.spoil = f }
