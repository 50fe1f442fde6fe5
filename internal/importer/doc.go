// Package importer makes registry entries of workflow files: it reads what a
// file's author put into view, and brings an entry up to date with a file that
// has changed, without losing what the user changed in it.
package importer
