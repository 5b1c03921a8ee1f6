"""What is publicly known to be unsafe: advisories in the OSV form (https://ossf.github.io/osv-schema/)."""
