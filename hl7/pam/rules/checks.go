package rules

import "maps"

// checks are the demands that no condition could word, by the name under which
// the catalogue calls them, and conditions the conditions of that kind. Each
// file of checks has its own.
var (
	checks     = merged(generalChecks, itiChecks, identityChecks, visitChecks)
	conditions = merged(generalConditions, identityConditions, visitConditions)
)

// details are what the words of a finding of a check may speak of besides the
// value that was found, computed from it when somebody reads them.
var details = map[string]func(actual string) Arg{
	"ins-key": keyOfINS,
}

func merged[V any](parts ...map[string]V) map[string]V {
	all := map[string]V{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}
