-- Orthanc in front of xray-watch: each film that comes by DICOM is put into an inbox. docs/pacs.md says how.
-- Research use only. Not for diagnosis.

local INBOX = os.getenv('XRAY_INBOX') or '/srv/xray/inbox'
local FILMS = { CR = true, DX = true }

function OnStoredInstance(instanceId, tags, metadata, origin)
  if origin.RequestOrigin ~= 'DicomProtocol' or not FILMS[tags.Modality] then
    return
  end
  -- hidden until it is whole, then in place by one rename
  local hidden = INBOX .. '/.' .. instanceId
  local file = assert(io.open(hidden, 'wb'))
  assert(file:write(RestApiGet('/instances/' .. instanceId .. '/file')))
  assert(file:close())
  assert(os.rename(hidden, INBOX .. '/' .. instanceId .. '.dcm'))
end
