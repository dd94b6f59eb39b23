import { Block, Key } from '../language/key.js';
import { editableHeaderName } from '../language/kinds/header.js';
import { headerMap } from '../language/kinds/header-map.js';
import { list } from '../language/kinds/list.js';

/** Changes of the header fields of one direction: removed first, then set, then added. */
class HeaderRulesConfig {
  @Key(headerMap, {
    doc: 'Fields that replace those of the same name, and look-alikes (`X_Tier` for `X-Tier`). Values go out as UTF-8.',
  })
  set: Map<string, string> = new Map();

  @Key(headerMap, { doc: 'Fields that are sent beside those of the same name.' })
  add: Map<string, string> = new Map();

  @Key(list(editableHeaderName), {
    doc: 'Names of fields that are taken out, with their look-alikes, of trailers too.',
  })
  remove: string[] = [];
}

/** Changes of header fields. Those that belong to the connection or to the framing of a message cannot be changed. */
export class RouteHeadersConfig {
  @Block(() => HeaderRulesConfig, {
    doc: 'On the way to the backend. `Host` can be set, in place of what `hostHeader` of the upstream says, and neither added nor removed.',
  })
  request: HeaderRulesConfig = new HeaderRulesConfig();

  @Block(() => HeaderRulesConfig, { doc: 'On the way to the client.' })
  response: HeaderRulesConfig = new HeaderRulesConfig();
}
