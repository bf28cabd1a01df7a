package rules

// named is a check or a condition under the name by which the catalogue calls it.
// Lists of them are laid out by the linker, where maps would be filled at start.
type named[F any] struct {
	name string
	do   F
}

// findCheck returns one of the demands that no condition could word, nil when
// there is none of that name; findCondition the same of conditions. Each file of
// checks has its own.
func findCheck(name string) demand {
	if do := formCheck(name); do != nil {
		return do
	}
	return findNamed(name, generalChecks, itiChecks, identityChecks, visitChecks, ackChecks)
}

func findCondition(name string) cond {
	return findNamed(name, generalConditions, identityConditions, visitConditions, ackConditions)
}

func findNamed[F any](name string, lists ...[]named[F]) (none F) {
	for _, list := range lists {
		for i := range list {
			if list[i].name == name {
				return list[i].do
			}
		}
	}
	return none
}

// details are what the words of a finding of a check may speak of besides the
// value that was found, computed from it when somebody reads them.
var details = map[string]func(actual string) Arg{
	"ins-key": keyOfINS,
}
