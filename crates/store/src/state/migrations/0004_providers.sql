-- Users who sign in through a provider (OpenID Connect): bound to the provider and its own id of the person, never to a name.
ALTER TABLE users ADD COLUMN provider_issuer TEXT;
ALTER TABLE users ADD COLUMN provider_subject TEXT CHECK ((provider_subject IS NULL) = (provider_issuer IS NULL));
CREATE UNIQUE INDEX users_of_provider ON users (provider_issuer, provider_subject) WHERE provider_subject IS NOT NULL;
